import { closeSync } from 'node:fs'
import { checked, libbpf } from './libbpf.ts'

export const MapType = { hash: 1, array: 2, lpm: 11 } as const
const NO_PREALLOC = 1
const INNER_MAP = 1 << 12

export interface InnerMap {
  readonly fd: number
  [Symbol.dispose](): void
}

/** A map for one slot of a map in a map; it lives on in the kernel for as long as the slot holds it. */
export function createInner(
  type: keyof typeof MapType,
  keySize: number,
  valueSize: number,
  entries: number,
  resizable = true,
): InnerMap {
  const options = new Uint8Array(48)
  const view = new DataView(options.buffer)
  view.setBigUint64(0, 48n, true)
  view.setUint32(28, type === 'array' ? (resizable ? INNER_MAP : 0) : NO_PREALLOC, true)
  const created = libbpf().mapCreate(MapType[type], null, keySize, valueSize, Math.max(entries, 1), options)
  const fd = checked(`create a ${type} map of ${entries}`, created)
  return { fd, [Symbol.dispose]: () => closeSync(fd) }
}

/** Keys and values lie one after the other. */
export function updateBatch(fd: number, keys: Uint8Array, values: Uint8Array, entries: number): void {
  if (entries === 0) return
  const options = new Uint8Array(24)
  new DataView(options.buffer).setBigUint64(0, 24n, true)
  const count = new Uint32Array([entries])
  checked(`write ${entries} entries`, libbpf().updateBatch(fd, keys, values, bytesOf(count), options))
}

export function update(fd: number, key: Uint8Array, value: Uint8Array): void {
  checked('write a map entry', libbpf().update(fd, key, value, 0n))
}

/** Whether there was room. */
export function tryUpdate(fd: number, key: Uint8Array, value: Uint8Array): boolean {
  return Number(libbpf().update(fd, key, value, 0n)) === 0
}

export function remove(fd: number, key: Uint8Array): void {
  libbpf().delete(fd, key)
}

export function put(fd: number, slot: number, inner: InnerMap): void {
  update(fd, word(slot), word(inner.fd))
}

export function lookup(fd: number, key: Uint8Array, valueSize: number): Uint8Array | undefined {
  const value = new Uint8Array(valueSize)
  return Number(libbpf().lookup(fd, key, value)) === 0 ? value : undefined
}

/** Every key of a hash; keys that come and go meanwhile may be missed. */
export function* keysOf(fd: number, keySize: number): Generator<Uint8Array> {
  let key: Uint8Array | null = null
  for (;;) {
    const next: Uint8Array = new Uint8Array(keySize)
    if (Number(libbpf().nextKey(fd, key, next)) !== 0) return
    yield next
    key = next
  }
}

export function word(value: number): Uint8Array {
  const bytes = new Uint8Array(4)
  new DataView(bytes.buffer).setUint32(0, value, true)
  return bytes
}

export function bytesOf(words: Uint32Array): Uint8Array {
  return new Uint8Array(words.buffer, words.byteOffset, words.byteLength)
}
