import { bootNs } from './boot-clock.ts'
import { keysOf, lookup, update } from './bpf-map.ts'
import { libbpf } from './libbpf.ts'
import type { Binding } from './generation.ts'

export const NAME_SLOTS = 16
export const BINDING_BYTES: number = 8 + NAME_SLOTS * 16
export const MAX_BINDINGS = 262_144

interface Slot {
  readonly class: number
  readonly awaited: number
  readonly expires: bigint
}

/** Adds names to addresses and refreshes those that are there. Returns how many found no room. */
export function mergeBindings(fd: number, entries: readonly Binding[]): number {
  const now = bootNs()
  let overflow = 0
  for (const { address, names } of entries) {
    const wanted = names.map((name) => ({
      class: name.class,
      awaited: name.awaitedClass ?? name.class,
      expires: now + expiry(name.ttlSeconds),
    }))
    const { slots, lost } = mergeSlots(readSlots(lookup(fd, address, BINDING_BYTES)), wanted, now)
    overflow += lost
    if (!write(fd, address, slots, now)) overflow += slots.length
  }
  return overflow
}

/** The kernel compares 64-bit counts of nanoseconds; a TTL beyond a century is a century. */
function expiry(ttlSeconds: number): bigint {
  return BigInt(Math.round(Math.min(ttlSeconds, 3.2e9) * 1000)) * 1_000_000n
}

export function mergeSlots(
  old: readonly Slot[],
  wanted: readonly Slot[],
  now: bigint,
): { readonly slots: readonly Slot[]; readonly lost: number } {
  const byClass = new Map<number, Slot>()
  // An expired name stays while there is room: connections made while it was live are judged by it.
  for (const slot of [...old, ...wanted]) {
    const known = byClass.get(slot.class)
    if (known === undefined || known.expires < slot.expires) byClass.set(slot.class, slot)
  }
  const slots = [...byClass.values()]
  slots.sort((a, b) => (a.expires < b.expires ? 1 : a.expires > b.expires ? -1 : 0))
  const live = slots.filter((slot) => slot.expires > now).length
  return { slots: slots.slice(0, NAME_SLOTS), lost: Math.max(0, live - NAME_SLOTS) }
}

export function removeBinding(fd: number, address: Uint8Array): void {
  libbpf().delete(fd, address)
}

function readSlots(value: Uint8Array | undefined): Slot[] {
  if (!value) return []
  const view = new DataView(value.buffer)
  return Array.from({ length: view.getUint32(0, true) }, (_, i) => ({
    class: view.getUint32(8 + i * 16, true),
    awaited: view.getUint32(12 + i * 16, true),
    expires: view.getBigUint64(16 + i * 16, true),
  }))
}

function write(fd: number, address: Uint8Array, slots: readonly Slot[], now: bigint): boolean {
  const value = new Uint8Array(BINDING_BYTES)
  const view = new DataView(value.buffer)
  view.setUint32(0, slots.length, true)
  slots.forEach((slot, i) => {
    view.setUint32(8 + i * 16, slot.class, true)
    view.setUint32(12 + i * 16, slot.awaited, true)
    view.setBigUint64(16 + i * 16, slot.expires, true)
  })
  try {
    update(fd, address, value)
    return true
  } catch {
    // Full: room is made by what has expired.
    return sweep(fd, now) > 0 && Number(libbpf().update(fd, address, value, 0n)) === 0
  }
}

function sweep(fd: number, now: bigint): number {
  const stale: Uint8Array[] = []
  for (const key of keysOf(fd, 16))
    if (readSlots(lookup(fd, key, BINDING_BYTES)).every((slot) => slot.expires <= now)) stale.push(key)
  for (const key of stale) removeBinding(fd, key)
  return stale.length
}
