import type { Address } from '@sallyport/net'
import { sameEffect, type Flow, type Outcome, type Rule } from '@sallyport/policy'
import type { CompiledRules } from '../compiled-rules.ts'
import { ADDRESS, NAME, PORT, PROTOCOL, variable } from '../diagram/variable.ts'
import type { AddressTable } from '../tables/address-table.ts'
import { UNKNOWN_CLIENT, type ClientFacts } from './client-facts.ts'
import type { HostFacts } from './host-facts.ts'
import { ImageWriter } from './image-writer.ts'

const DEVICE = variable('device')
const TAGS = variable('tags')
const POSTURE = variable('posture')
const NETWORK = variable('network')
const USER = variable('user')
const GROUPS = variable('groups')
const APP = variable('app')
const UNIT = variable('unit')
const CONTAINER = variable('container')
const NO_RULE = 0xffffffff
const UNDETERMINED = 2
const LIMITED = 3
const MAX_IMAGE_WORDS = 64 * 1024 * 1024

/** Everything one generation of the kernel's maps holds. Classes of users and units are numbered for this image only. */
export type KernelTables = {
  readonly image: Uint32Array
  readonly users: ReadonlyMap<number, number>
  readonly apps: readonly { readonly dev: bigint; readonly ino: bigint; readonly class: number }[]
  readonly units: readonly { readonly cgroupId: bigint; readonly class: number }[]
  readonly ports: Uint32Array
  readonly addresses: { readonly keys: Uint8Array; readonly classes: Uint32Array }
  readonly defaults: {
    readonly user: number
    readonly app: number
    readonly unit: number
    readonly name: number
    /** While the handshake is awaited. */
    readonly awaitedName: number
  }
  /** Where in the image a walk may stop undetermined → the node from which `CompiledRules.resume` goes on. */
  readonly resume: ReadonlyMap<number, number>
  /** Rule index in events → the rule. */
  readonly rules: readonly Rule[]
}

/**
 * The diagram as this host's kernel can walk it: facts that are fixed on the host, and facts that no later point will
 * find (the request), are walked now; user and groups are one kernel variable, unit and container another. Of the protocol the
 * kernel knows one of two things: none will be seen (class 0), or it is awaited (unknown); and a name has a class for each.
 */
export function kernelTables(rules: CompiledRules, host: HostFacts, allRules: readonly Rule[]): KernelTables {
  const subjects = {
    user: subject(
      rules,
      [USER, GROUPS],
      { user: null, groups: null },
      host.users.map(({ user, groups }) => ({ user, groups })),
    ),
    app: subject(
      rules,
      [APP],
      { app: null, appSha256: null },
      host.apps.map(({ app, appSha256 }) => ({ app, appSha256 })),
    ),
    unit: subject(
      rules,
      [UNIT, CONTAINER],
      { unit: null, container: null },
      host.units.map(({ unit, container }) => ({ unit, container })),
    ),
  }
  const fixed: Flow = { device: host.device, tags: host.tags, posture: host.posture, src: null, ...NEVER_KNOWN }
  return {
    ...encode(rules, fixed, subjects),
    users: new Map(host.users.map(({ uid }, at) => [uid, subjects.user.ofValue[at]!])),
    apps: host.apps.map(({ dev, ino }, at) => ({ dev, ino, class: subjects.app.ofValue[at]! })),
    units: host.units.map(({ cgroupId }, at) => ({ cgroupId, class: subjects.unit.ofValue[at]! })),
    ports: rules.tables.ports,
    addresses: addressKeys(rules.tables.addresses),
    defaults: defaultsOf(rules),
    rules: allRules,
  }
}

/**
 * The same for a gateway, where the source address is all that is seen of a subject: whoever has it, with everything known
 * of him, is the kernel variable of users; the network that it lies in is that of units.
 */
export function gatewayTables(
  rules: CompiledRules,
  clients: readonly ClientFacts[],
  networks: readonly Address[],
  allRules: readonly Rule[],
): KernelTables {
  const subjects = {
    user: subject(rules, [DEVICE, TAGS, POSTURE, USER, GROUPS], UNKNOWN_CLIENT, clients),
    unit: subject(
      rules,
      [NETWORK],
      { src: null },
      networks.map((src) => ({ src })),
    ),
  }
  const fixed: Flow = { app: null, appSha256: null, unit: null, container: null, ...NEVER_KNOWN }
  return {
    ...encode(rules, fixed, subjects),
    users: new Map(clients.map((_, at) => [at + 1, subjects.user.ofValue[at]!])),
    apps: [],
    units: networks.map((_, at) => ({ cgroupId: BigInt(at + 1), class: subjects.unit.ofValue[at]! })),
    ports: rules.tables.ports,
    addresses: addressKeys(rules.tables.addresses),
    defaults: defaultsOf(rules),
    rules: allRules,
  }
}

function defaultsOf({ tables }: CompiledRules): KernelTables['defaults'] {
  const [name, awaitedName] = [tables.nameSetClass(0, 'certain'), tables.nameSetClass(0, 'pending')]
  return { user: 0, app: 0, unit: 0, name, awaitedName }
}

/** Facts that no point behind the kernel will find. */
const NEVER_KNOWN: Flow = { protocol: null, http: null, content: null }

/** Kernel classes of a variable: class 0 is whatever the host's tables do not list. */
type Subject = {
  readonly variables: readonly number[]
  readonly classes: readonly Flow[]
  readonly ofValue: readonly number[]
}
type Subjects = Readonly<Partial<Record<'user' | 'app' | 'unit', Subject>>>

function subject(rules: CompiledRules, variables: readonly number[], other: Flow, values: readonly Flow[]): Subject {
  const ids = new Map<string, number>()
  const classes: Flow[] = []
  const classOf = (flow: Flow): number => {
    const key = variables.map((v) => rules.facts.classOf(v, flow)).join()
    const known = ids.get(key)
    if (known !== undefined) return known
    ids.set(key, classes.length)
    classes.push(flow)
    return classes.length - 1
  }
  classOf(other)
  return { variables, classes, ofValue: values.map(classOf) }
}

function encode(rules: CompiledRules, fixed: Flow, subjects: Subjects): Pick<KernelTables, 'image' | 'resume'> {
  const { diagram, facts, tables } = rules
  const writer = new ImageWriter(MAX_IMAGE_WORDS)
  const failClosed = writer.leaf({ verdict: 2, mode: 0, how: 0, sole: false, rank: 0, rule: NO_RULE })
  const offsets = new Map<number, number>()
  const resume = new Map<number, number>()
  const nameSets = Array.from({ length: tables.names.setCount }, (_, id) => id)
  const nameClasses = [
    ...new Set(nameSets.flatMap((id) => [tables.nameSetClass(id, 'certain'), tables.nameSetClass(id, 'pending')])),
  ]
  const portClasses = [...new Set(tables.ports)]
  const addressClasses = [...new Set(tables.addresses.classes)]

  const visit = (node: number): number => {
    const known = offsets.get(node)
    if (known !== undefined) return known
    const offset = write(node)
    offsets.set(node, offset)
    return offset
  }
  const write = (node: number): number => {
    const leaf = diagram.leaf(node)
    if (leaf) return writeLeaf(node, leaf.outcomes)
    const v = diagram.variable(node)
    for (const [name, each] of Object.entries(subjects)) {
      if (each.variables.includes(v)) return writeSubject(node, variable(name as 'user'), each)
    }
    if (v === PORT) return writeValues(node, v, portClasses)
    if (v === ADDRESS) return writeValues(node, v, addressClasses)
    if (v === NAME) return resumable(node, writeValues(node, v, nameClasses))
    if (v === PROTOCOL) return writeProtocol(node)
    return visit(diagram.child(node, facts.classOf(v, fixed)))
  }
  const resumable = (node: number, offset: number): number => {
    resume.set(offset, node)
    return offset
  }
  const writeLeaf = (node: number, outcomes: readonly Outcome[]): number => {
    const words = leafWords(outcomes)
    return words.verdict === UNDETERMINED ? resumable(node, writer.leaf(words, node)) : writer.leaf(words)
  }
  const writeProtocol = (node: number): number => {
    const none = visit(diagram.child(node, facts.classOf(PROTOCOL, fixed)))
    const awaited = writeLeaf(node, rules.possibleFrom(node, { http: null, content: null }))
    return none === awaited ? none : writer.node(PROTOCOL, Uint32Array.of(none), awaited)
  }
  const writeSubject = (node: number, kernelVariable: number, { variables, classes }: Subject): number => {
    const children = classes.map((flow) => {
      let at = node
      while (variables.includes(diagram.variable(at))) at = diagram.child(at, facts.classOf(diagram.variable(at), flow))
      return visit(at)
    })
    return children.every((child) => child === children[0])
      ? children[0]!
      : writer.node(kernelVariable, Uint32Array.from(children), failClosed)
  }
  const writeValues = (node: number, v: number, classes: readonly number[]): number => {
    const children = new Uint32Array(classes.reduce((max, id) => Math.max(max, id), 0) + 1).fill(failClosed)
    for (const id of classes) children[id] = visit(diagram.child(node, id))
    return writer.node(v, children, failClosed)
  }
  return { image: writer.finish(visit(diagram.root)), resume }
}

/** A leaf that is not certain is watched only when no way it may end stops the flow. */
export function mayStop(outcome: Outcome): boolean {
  return outcome.mode === 'enforce' && (outcome.verdict === 'deny' || isLimited(outcome))
}

function isLimited({ verdict, rule }: Outcome): boolean {
  return verdict === 'allow' && rule !== null && rule.limit !== null
}

/** What a flow moves counts for one rule, so that rules with a limit are not alike. */
export function sameInKernel(a: Outcome, b: Outcome): boolean {
  return sameEffect(a, b) && (a.rank === b.rank || (!isLimited(a) && !isLimited(b)))
}

function leafWords(outcomes: readonly Outcome[]): Parameters<ImageWriter['leaf']>[0] {
  const first = outcomes[0]!
  const certain = outcomes.every((outcome) => sameInKernel(outcome, first))
  const { rank } = first
  const rule = first.rule === null ? NO_RULE : rank
  if (!certain) return { verdict: UNDETERMINED, mode: outcomes.some(mayStop) ? 0 : 1, how: 0, sole: false, rank, rule }
  return {
    verdict: first.verdict === 'allow' ? 0 : 1,
    mode: first.mode === 'enforce' ? 0 : 1,
    how: isLimited(first) ? LIMITED : first.how === 'reject' ? 0 : first.how === 'drop' ? 1 : 2,
    sole: outcomes.length === 1,
    rank,
    rule,
  }
}

/** LPM keys: the prefix length as a little-endian word, then 16 bytes in network order. */
export function addressKeys({
  prefixes,
  classes,
}: Pick<AddressTable, 'prefixes' | 'classes'>): KernelTables['addresses'] {
  const keys = new Uint8Array(prefixes.length * 20)
  const view = new DataView(keys.buffer)
  prefixes.forEach(({ address, length }, at) => {
    view.setUint32(at * 20, length, true)
    address.words.forEach((word, index) => view.setUint32(at * 20 + 4 + index * 4, word))
  })
  return { keys, classes }
}
