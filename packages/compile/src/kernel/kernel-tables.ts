import type { Address } from '@sallyport/net'
import type { Flow, Rule } from '@sallyport/policy'
import type { CompiledRules } from '../compiled-rules.ts'
import { variable } from '../diagram/variable.ts'
import type { AddressTable } from '../tables/address-table.ts'
import { UNKNOWN_CLIENT, type ClientFacts } from './client-facts.ts'
import { encodeImage, type Subject } from './encode-image.ts'
import type { HostFacts } from './host-facts.ts'

const DEVICE = variable('device')
const TAGS = variable('tags')
const POSTURE = variable('posture')
const NETWORK = variable('network')
const USER = variable('user')
const GROUPS = variable('groups')
const APP = variable('app')
const UNIT = variable('unit')
const CONTAINER = variable('container')

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
    ...encodeImage(rules, fixed, subjects),
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
    ...encodeImage(rules, fixed, subjects),
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
