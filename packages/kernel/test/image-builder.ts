import { addressBytes, IMAGE_MAGIC, PORT_CLASSES, type KernelGeneration } from '../src/index.ts'

/** A diagram as a tree, written by hand: what the compiler does for a policy. */
export type Node =
  | {
      readonly leaf: 'allow' | 'deny' | 'undetermined'
      readonly monitor?: boolean
      readonly drop?: boolean
      readonly rank?: number
    }
  | {
      readonly variable: keyof typeof VARIABLES
      readonly otherwise: Node
      readonly unknown?: Node
      readonly cases: ReadonlyMap<number, Node>
      readonly hashed?: boolean
    }

const VARIABLES = { user: 3, app: 5, unit: 6, port: 9, address: 10, name: 11 } as const
const VERDICTS = { allow: 0, deny: 1, undetermined: 2 } as const

export const allow: Node = { leaf: 'allow', rank: 1 }
export const deny: Node = { leaf: 'deny', rank: 9 }

export function when(variable: keyof typeof VARIABLES, cases: Record<number, Node>, otherwise: Node = deny): Node {
  return { variable, otherwise, cases: new Map(Object.entries(cases).map(([key, node]) => [Number(key), node])) }
}

export function buildImage(root: Node): Uint32Array {
  const words = [IMAGE_MAGIC, 0]
  words[1] = emit(words, root)
  return Uint32Array.from(words)
}

function emit(words: number[], node: Node): number {
  if ('leaf' in node) {
    const mode = (node.monitor ? 1 << 8 : 0) | (node.drop ? 1 << 16 : 0)
    return append(words, [0, VERDICTS[node.leaf] | mode, node.rank ?? 5, node.rank ?? 0xffffffff])
  }
  const otherwise = emit(words, node.otherwise)
  const unknown = node.unknown ? emit(words, node.unknown) : otherwise
  const children = [...node.cases].map(([value, child]) => [value, emit(words, child)] as const)
  const variable = VARIABLES[node.variable]
  if (node.hashed) return append(words, [(2 << 24) | variable, otherwise, unknown, ...hashed(children)])
  const count = Math.max(-1, ...node.cases.keys()) + 1
  const dense = Array.from({ length: count }, () => otherwise)
  for (const [value, child] of children) dense[value] = child
  return append(words, [(1 << 24) | variable, otherwise, unknown, count, ...dense])
}

function hashed(children: readonly (readonly [number, number])[]): number[] {
  const mask = 63
  const slots = Array.from({ length: 128 }, () => 0xffffffff)
  for (const [value, child] of children) {
    let at = Math.imul(value, 2654435761) >>> 7
    while (slots[(at & mask) * 2] !== 0xffffffff) at++
    slots[(at & mask) * 2] = value
    slots[(at & mask) * 2 + 1] = child
  }
  return [mask, ...slots]
}

function append(words: number[], node: readonly number[]): number {
  const offset = words.length
  words.push(...node)
  return offset
}

export interface Tables {
  readonly prefixes?: Readonly<Record<string, number>>
  readonly tcp?: Readonly<Record<number, number>>
  readonly udp?: Readonly<Record<number, number>>
  readonly protocols?: Readonly<Record<number, number>>
}

/** A generation in which everything that is not named has class 0. */
export function generation(root: Node, tables: Tables = {}, more: Partial<KernelGeneration> = {}): KernelGeneration {
  const ports = new Uint32Array(PORT_CLASSES)
  for (const [port, value] of Object.entries(tables.tcp ?? {})) ports[Number(port)] = value
  for (const [port, value] of Object.entries(tables.udp ?? {})) ports[65536 + Number(port)] = value
  for (const [protocol, value] of Object.entries(tables.protocols ?? {})) ports[196608 + Number(protocol)] = value
  const prefixes = Object.entries({ '::/0': 0, ...tables.prefixes })
  const keys = new Uint8Array(20 * prefixes.length)
  prefixes.forEach(([prefix], index) => keys.set(prefixKey(prefix), index * 20))
  return {
    image: buildImage(root),
    users: new Map(),
    apps: [],
    units: [],
    ports,
    addresses: { keys, classes: Uint32Array.from(prefixes, ([, value]) => value) },
    defaults: { user: 0, app: 0, unit: 0, name: 0 },
    ...more,
  }
}

export function prefixKey(prefix: string): Uint8Array {
  const [address = '', length = address.includes(':') ? '128' : '32'] = prefix.split('/')
  const key = new Uint8Array(20)
  new DataView(key.buffer).setUint32(0, Number(length) + (address.includes(':') ? 0 : 96), true)
  key.set(addressBytes(address), 4)
  return key
}
