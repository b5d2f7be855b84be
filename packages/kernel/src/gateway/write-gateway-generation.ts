import { createInner, put, updateBatch } from '../bpf-map.ts'
import { GENERATION_MAPS, writeGeneration, type GenerationMap } from '../write-generation.ts'
import type { GatewayGeneration, Source } from './gateway-generation.ts'

export const GATEWAY_GENERATION_MAPS: readonly GatewayGenerationMap[] = [
  ...GENERATION_MAPS,
  'sources',
  'stations',
] as const
export type GatewayGenerationMap = GenerationMap | 'sources' | 'stations'

const SOURCE_BYTES = 16
const NOT_OURS = 0xffffffff

/** Fills one slot. Nothing reads it before the caller makes it the active one. */
export function writeGatewayGeneration(
  outer: Readonly<Record<GatewayGenerationMap, number>>,
  slot: number,
  generation: GatewayGeneration,
  budgets: ReadonlyMap<number, number>,
): { readonly overflow: number } {
  const { keys, values } = generation.sources
  using sources = createInner('lpm', 20, SOURCE_BYTES, values.length)
  updateBatch(sources.fd, keys, encodeSources(values), values.length)
  put(outer.sources, slot, sources)
  const { stations } = generation
  using macs = createInner('hash', 8, 4, stations.length)
  const macKeys = new Uint8Array(8 * stations.length)
  stations.forEach(({ mac }, at) => macKeys.set(mac, at * 8))
  const clients = Uint32Array.from(stations, ({ client }) => client)
  updateBatch(macs.fd, macKeys, new Uint8Array(clients.buffer), stations.length)
  put(outer.stations, slot, macs)
  return writeGeneration(outer, slot, generation, budgets)
}

/** `struct source` of bpf/ways.h. */
function encodeSources(values: readonly (Source | null)[]): Uint8Array {
  const bytes = new Uint8Array(SOURCE_BYTES * values.length)
  const view = new DataView(bytes.buffer)
  values.forEach((source, at) => {
    const base = at * SOURCE_BYTES
    view.setUint32(base, source?.network ?? NOT_OURS, true)
    if (source === null) return
    view.setUint32(base + 4, source.client, true)
    if (source.mac === null) return
    bytes.set(source.mac, base + 8)
    bytes[base + 14] = 1
  })
  return bytes
}
