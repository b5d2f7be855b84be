import { formatAddress, type Address } from '@sallyport/net'
import { Reader } from 'mmdb-lib'
import { rangeTableOf, type RangeTable } from './range-table.ts'
import { RangeRows } from './range-rows.ts'

export type MmdbKind = 'country' | 'asn'

/** A table from a file of the user, and what the file says of itself. */
export type MmdbTable = {
  readonly kind: MmdbKind
  readonly type: string
  readonly builtMs: number
  readonly attribution: string
  readonly table: RangeTable
}

type Words = Address['words']

/** An IPv4 network stands under `::/96` of a tree of both families. */
const IPV4_DEPTH = 96

/** Any bytes give a table or a reason; a damaged tree ends the walk, it does not loop. */
export function readMmdb(bytes: Buffer): MmdbTable | { readonly invalid: string } {
  try {
    const reader = new Reader<Record<string, unknown>>(bytes)
    const { nodeCount, recordSize, ipVersion, databaseType, buildEpoch, searchTreeSize } = reader.metadata
    if (![24, 28, 32].includes(recordSize) || searchTreeSize > bytes.length) return { invalid: 'a damaged MaxMind DB' }
    const tree = new NetworkTree(bytes, nodeCount, recordSize, ipVersion)
    const values = new Map<number, string | null>()
    const ids = new Map<string, number>()
    const rows = new RangeRows()
    let kind: MmdbKind | null = null
    for (const { start, end, pointer } of tree.networks()) {
      let value = values.get(pointer)
      if (value === undefined) {
        const found = valueOf(reader.get(formatAddress({ words: start })))
        if (found !== null) kind ??= found.kind
        value = found === null || found.kind !== kind ? null : found.value
        values.set(pointer, value)
      }
      if (value === null) continue
      if (!ids.has(value)) ids.set(value, ids.size)
      rows.add(start, end, ids.get(value)!)
    }
    if (kind === null) return { invalid: 'a MaxMind DB with neither countries nor autonomous systems' }
    rows.finish()
    const table = rangeTableOf({ rows, values: [...ids.keys()] })
    return {
      kind,
      type: databaseType,
      builtMs: buildEpoch.getTime(),
      attribution: 'see the licence of the file',
      table,
    }
  } catch {
    return { invalid: 'not a MaxMind DB, or a damaged one' }
  }
}

/** As GeoLite2, DB-IP, IPinfo and ip-location-db name it. */
function valueOf(record: Record<string, unknown> | null): { readonly kind: MmdbKind; readonly value: string } | null {
  if (record === null) return null
  const { autonomous_system_number: number, asn } = record
  if (typeof number === 'number') return { kind: 'asn', value: String(number) }
  if (typeof asn === 'string' && /^(AS)?\d+$/.test(asn)) return { kind: 'asn', value: asn.replace('AS', '') }
  const code = isoCode(record['country']) ?? isoCode(record['registered_country']) ?? record['country_code']
  return typeof code === 'string' && /^[A-Za-z]{2}$/.test(code) ? { kind: 'country', value: code.toUpperCase() } : null
}

function isoCode(country: unknown): string | null {
  if (typeof country === 'string') return country
  const code = typeof country === 'object' && country !== null && 'iso_code' in country ? country.iso_code : null
  return typeof code === 'string' ? code : null
}

type Network = { readonly start: Words; readonly end: Words; readonly pointer: number }

/** The binary tree of a MaxMind DB (format 2.0): two records a node, a record above the node count points to data. */
class NetworkTree {
  readonly #bytes: Buffer
  readonly #nodeCount: number
  readonly #recordSize: number
  readonly #bits: number
  /** Trees hold IPv4 once more under 6to4 and the like, by pointing there again: each node is walked once. */
  readonly #seen: Uint8Array

  constructor(bytes: Buffer, nodeCount: number, recordSize: number, ipVersion: number) {
    this.#bytes = bytes
    this.#nodeCount = nodeCount
    this.#recordSize = recordSize
    this.#bits = ipVersion === 4 ? 32 : 128
    this.#seen = new Uint8Array(nodeCount)
  }

  *networks(): Generator<Network> {
    const stack: { readonly node: number; readonly words: Words; readonly depth: number }[] = []
    const root: Words = this.#bits === 32 ? [0, 0, 0xffff, 0] : [0, 0, 0, 0]
    const first = this.#bits === 32 ? IPV4_DEPTH : 0
    if (this.#nodeCount > 0) stack.push({ node: 0, words: root, depth: first })
    for (let at = stack.pop(); at !== undefined; at = stack.pop()) {
      const { node, words, depth } = at
      if (node > this.#nodeCount) {
        yield { ...range(words, depth), pointer: node }
        continue
      }
      if (node === this.#nodeCount || depth >= 128 || this.#seen[node] === 1) continue
      this.#seen[node] = 1
      const right = withBit(words, depth)
      stack.push({ node: this.#record(node, 1), words: right, depth: depth + 1 })
      stack.push({ node: this.#record(node, 0), words, depth: depth + 1 })
    }
  }

  #record(node: number, side: 0 | 1): number {
    const at = (node * this.#recordSize) / 4
    const bytes = this.#bytes
    if (this.#recordSize === 32) return bytes.readUInt32BE(at + side * 4)
    if (this.#recordSize === 24) return bytes.readUIntBE(at + side * 3, 3)
    const middle = bytes[at + 3]!
    return side === 0
      ? ((middle & 0xf0) << 20) | bytes.readUIntBE(at, 3)
      : ((middle & 0x0f) << 24) | bytes.readUIntBE(at + 4, 3)
  }
}

function withBit(words: Words, depth: number): Words {
  const next = [...words] as [number, number, number, number]
  const word = (depth >>> 5) as 0
  next[word] = (next[word] | (1 << (31 - (depth & 31)))) >>> 0
  return next
}

/** First and last address of a network; what is under `::/96` is IPv4. */
function range(words: Words, depth: number): { readonly start: Words; readonly end: Words } {
  const isIpv4 = depth >= IPV4_DEPTH && words[0] === 0 && words[1] === 0 && (words[2] === 0 || words[2] === 0xffff)
  const start: Words = isIpv4 ? [0, 0, 0xffff, words[3]] : words
  const end = start.map((word, index) => {
    const bits = depth - index * 32
    return bits >= 32 ? word : bits <= 0 ? 0xffffffff : (word | (0xffffffff >>> bits)) >>> 0
  })
  return { start, end: end as unknown as Words }
}
