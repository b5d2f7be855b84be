/** A prefix as bits from the root, and the record that it has. */
export type MmdbNetwork = { readonly bits: string; readonly record: Readonly<Record<string, unknown>> }

type Node = { left: Node | number | null; right: Node | number | null }

const MARKER = Buffer.from('\xab\xcd\xefMaxMind.com', 'latin1')

/** A MaxMind DB (format 2.0) of a few networks, for tests. Networks must be disjoint. */
export function writeMmdb(
  networks: readonly MmdbNetwork[],
  recordSize: 24 | 28 | 32,
  ipVersion: 4 | 6,
  aliasOfIpv4 = '',
): Buffer {
  const root: Node = { left: null, right: null }
  const data: Buffer[] = []
  let offset = 0
  for (const { bits, record } of networks) {
    const bytes = encode(record)
    put(root, bits, offset)
    data.push(bytes)
    offset += bytes.length
  }
  if (aliasOfIpv4 !== '') alias(root, '0'.repeat(96), aliasOfIpv4)
  const nodes = [...new Set(collect(root))]
  const tree = Buffer.concat(
    nodes.map((node) => {
      const value = (side: Node | number | null): number =>
        side === null ? nodes.length : typeof side === 'number' ? nodes.length + 16 + side : nodes.indexOf(side)
      return encodeNode(value(node.left), value(node.right), recordSize)
    }),
  )
  const metadata = encode({
    binary_format_major_version: 2,
    binary_format_minor_version: 0,
    build_epoch: 1_700_000_000,
    database_type: 'Test',
    description: {},
    ip_version: ipVersion,
    languages: [],
    node_count: nodes.length,
    record_size: recordSize,
  })
  return Buffer.concat([tree, Buffer.alloc(16), ...data, MARKER, metadata])
}

function child(node: Node, bit: string): Node {
  const side = bit === '1' ? 'right' : 'left'
  const there = node[side]
  if (there !== null && typeof there === 'object') return there
  return (node[side] = { left: null, right: null })
}

function put(root: Node, bits: string, offset: number): void {
  let node = root
  for (const bit of bits.slice(0, -1)) node = child(node, bit)
  node[bits.endsWith('1') ? 'right' : 'left'] = offset
}

/** Lets a second path lead to the node of the first, as real files do for 6to4. */
function alias(root: Node, to: string, from: string): void {
  let target = root
  for (const bit of to) target = child(target, bit)
  let node = root
  for (const bit of from.slice(0, -1)) node = child(node, bit)
  node[from.endsWith('1') ? 'right' : 'left'] = target
}

function collect(node: Node): readonly Node[] {
  const found: Node[] = []
  const seen = new Set<Node>()
  const queue = [node]
  for (let at = queue.shift(); at !== undefined; at = queue.shift()) {
    if (seen.has(at)) continue
    seen.add(at)
    found.push(at)
    for (const side of [at.left, at.right]) if (side !== null && typeof side === 'object') queue.push(side)
  }
  return found
}

function encodeNode(left: number, right: number, recordSize: 24 | 28 | 32): Buffer {
  const bytes = Buffer.alloc(recordSize / 4)
  if (recordSize === 28) {
    bytes.writeUIntBE(left & 0xffffff, 0, 3)
    bytes[3] = ((left >>> 20) & 0xf0) | (right >>> 24)
    bytes.writeUIntBE(right & 0xffffff, 4, 3)
  } else {
    bytes.writeUIntBE(left, 0, recordSize / 8)
    bytes.writeUIntBE(right, recordSize / 8, recordSize / 8)
  }
  return bytes
}

function encode(value: unknown): Buffer {
  if (typeof value === 'string') return Buffer.concat([control(2, Buffer.byteLength(value)), Buffer.from(value)])
  if (typeof value === 'number') {
    const bytes = Buffer.alloc(4)
    bytes.writeUInt32BE(value)
    return Buffer.concat([control(6, 4), bytes])
  }
  if (Array.isArray(value)) return Buffer.concat([Buffer.from([value.length, 4]), ...value.map(encode)])
  const entries = Object.entries(value as object)
  return Buffer.concat([control(7, entries.length), ...entries.flatMap(([key, each]) => [encode(key), encode(each)])])
}

function control(type: number, size: number): Buffer {
  return Buffer.from([(type << 5) | size])
}
