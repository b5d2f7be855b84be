import { statSync } from 'node:fs'
import { startTicks } from './start-ticks.ts'

export interface ResolverAddress {
  readonly v4?: string
  readonly v6?: string
  readonly port: number
}

export interface KernelConfig {
  readonly generation: number
  /** ALLOW_RAW, INSPECT, LIMITS_APPLY and WATCHES of bpf/maps.h, HAS_ETHERNET of bpf/ways.h. */
  readonly flags: number
  readonly resolver: ResolverAddress | undefined
  readonly resolverTgid: number | undefined
  /** Turn only DNS of this process's own network to the resolver. */
  readonly ownNetworkOnly: boolean
}

/** Flows of this process's own network may wait for their handshake. */
export const INSPECT = 4
/** Some rule of the policy has a limit. */
export const LIMITS_APPLY = 8
/** Somebody reads the first octets of flows. */
export const WATCHES = 16
export const CONFIG_BYTES = 72

export function encodeConfig(config: KernelConfig): Uint8Array {
  const bytes = new Uint8Array(CONFIG_BYTES)
  const view = new DataView(bytes.buffer)
  const { v4, v6, port } = config.resolver ?? { port: 0 }
  view.setUint32(0, config.generation, true)
  view.setUint32(4, config.flags, true)
  view.setUint32(8, config.resolverTgid ?? 0, true)
  view.setUint16(12, port, true)
  view.setUint16(14, (v4 ? 1 : 0) | (v6 ? 2 : 0), true)
  view.setBigUint64(16, config.resolverTgid ? startOf(config.resolverTgid) : 0n, true)
  view.setUint32(56, config.resolverTgid ? processNamespace(config.resolverTgid) : 0, true)
  view.setUint32(60, config.ownNetworkOnly ? ownNetwork() : 0, true)
  view.setUint32(64, (config.flags & INSPECT) !== 0 ? ownNetwork() : 0, true)
  if (v4) bytes.set(addressBytes(`::ffff:${v4}`), 24)
  if (v6) bytes.set(addressBytes(v6), 40)
  return bytes
}

export function hasFlag(
  config: Uint8Array | undefined,
  flag: typeof INSPECT | typeof LIMITS_APPLY | typeof WATCHES,
): boolean {
  return config !== undefined && (config[4]! & flag) !== 0
}

function ownNetwork(): number {
  return statSync('/proc/self/ns/net').ino
}

function startOf(pid: number): bigint {
  const ticks = startTicks(pid)
  if (ticks === null) throw new Error(`the resolver's process ${pid} is not there`)
  return BigInt(ticks)
}

/** A container counts its processes by itself; the kernel finds the number by the namespace it belongs to. */
function processNamespace(pid: number): number {
  return statSync(`/proc/${pid}/ns/pid`).ino
}

/** 16 bytes of an IPv4 or IPv6 address in text; IPv4 becomes ::ffff:a.b.c.d. */
export function addressBytes(text: string): Uint8Array {
  const v6 = new URL(`http://[${text.includes(':') ? text : `::ffff:${text}`}]`).hostname.slice(1, -1)
  const [head = '', tail] = v6.split('::')
  const groups = (part: string): number[] => (part ? part.split(':').map((group) => parseInt(group, 16)) : [])
  const left = groups(head)
  const right = groups(tail ?? '')
  const zeros = Array.from({ length: 8 - left.length - right.length }, () => 0)
  const all = [...left, ...zeros, ...right]
  return Uint8Array.from(all.flatMap((group) => [group >> 8, group & 255]))
}
