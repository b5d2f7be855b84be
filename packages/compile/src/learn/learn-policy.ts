import { isMetadataAddress, matchImplicit, type Flow, type Layer, type World } from '@sallyport/policy'
import { compilePolicy } from '../compile-policy.ts'
import type { Fact } from '../facts-asked.ts'
import { haveLeft, type AskedOfFlows, type InSlices, type RecordedFlows } from '../recorded-flows.ts'
import { Generaliser, type Generalisation, type LearnedDestination } from './generalise.ts'
import { portOf, portsText } from './ports.ts'
import { seenDestination } from './seen-destination.ts'
import { writeRules, type Evidence, type Observation } from './write-rules.ts'

export type LearnOptions = Generalisation & {
  readonly name: string
  readonly world: World
  readonly nowMs: number
  /** Why these flows must not become a rule; `null` when nothing speaks against them. */
  readonly suspicious: (flows: RecordedFlows) => string | null
  /** What that looks at, beside what rules are learned from. */
  readonly suspectFacts: ReadonlySet<Fact>
  /** So many users of an application become everybody who uses it. */
  readonly usersForAll: number
}

/** What a learned rule can tell apart. Users only count: where they are few, all of them are listed. */
export function askedToLearn({
  suspectFacts,
  usersForAll,
}: Pick<LearnOptions, 'suspectFacts' | 'usersForAll'>): AskedOfFlows {
  const facts = new Set<string>(['app', 'transport', 'port', 'protocol', 'domain', 'boundNames']).union(suspectFacts)
  return { facts: [...facts], byReason: true, byMinute: false, listed: usersForAll }
}

type LeftOut = {
  readonly reason: string
  readonly destination: string
  readonly port: string
  readonly flows: number
}

export type LearnedPolicy = {
  readonly layer: Layer
  readonly evidence: readonly Evidence[]
  /** Most flows first. */
  readonly leftOut: readonly LeftOut[]
  /** Flows that the rules allow. */
  readonly covered: number
}

/**
 * The least policy that allows what was seen: rules for each application, and for its users where they are few, with the names, addresses and
 * ports that it used. What a rule denied, or what is suspicious, is left out. Every flow counted in `covered` is allowed by the
 * result: the compiled rules are asked.
 */
export async function learnPolicy(
  recorded: InSlices<RecordedFlows>,
  options: LearnOptions,
  maxKept: number = MAX_KEPT,
): Promise<LearnedPolicy> {
  const known = new Map<string, Kept | { readonly reason: string }>()
  const leftOut = new Map<string, LeftOut>()
  const leave = ({ flow, count }: Pick<RecordedFlows, 'flow' | 'count'>, reason: string): void => {
    const destination = flow.domain ?? flow.boundNames?.[0] ?? addressText(flow)
    const port = portOf(flow) ?? 'unknown'
    const key = JSON.stringify([reason, destination, port])
    leftOut.set(key, { reason, destination, port, flows: (leftOut.get(key)?.flows ?? 0) + count })
  }
  for await (const slice of recorded)
    for (const group of slice) {
      if (matchImplicit(group.flow) !== null) continue
      const key = keyOf(group, options)
      const before = known.get(key)
      const observed = before ?? (known.size < maxKept ? keptOf(group, options) : TOO_MANY)
      if (before === undefined && observed !== TOO_MANY) known.set(key, observed)
      if ('reason' in observed) leave(observed === TOO_MANY ? { flow: {}, count: group.count } : group, observed.reason)
      else add(observed, group, options.usersForAll)
    }
  const kept = withUsers(
    [...known.values()].filter((each): each is Kept => !('reason' in each)),
    options.usersForAll,
  )
  const wider = generaliseEach(kept, options)
  const { layer, evidence } = writeRules(kept, (each) => wider(each), options)
  const compiled = compilePolicy({ layers: [layer] }, options.world, { atMs: options.nowMs })
  let covered = 0
  for (const each of kept) {
    if (flowsOf(each).every((flow) => compiled.decide(flow).verdict === 'allow')) covered += each.count
    else leave(each, 'no rule that can be learned allows it')
  }
  return { layer, evidence, leftOut: [...leftOut.values()].toSorted((a, b) => b.flows - a.flows), covered }
}

/** Flows that no learned rule tells apart, with one of them, and their users: as many as matter. */
type Kept = Omit<Observation, 'count' | 'firstMs' | 'lastMs' | 'users'> & {
  count: number
  firstMs: number
  lastMs: number
  readonly flow: Flow
  readonly seenUsers: Set<string>
}

const MAX_KEPT = 1_000_000
const TOO_MANY = { reason: 'more different flows than are learned from' } as const

/** What became of them, and all facts that a learned rule looks at; an address only where no name stands for it. */
function keyOf(group: RecordedFlows, { suspectFacts }: LearnOptions): string {
  const { flow, recorded } = group
  const { app, transport, port, protocol, domain, boundNames, dst } = flow
  const address = suspectFacts.has('dst') || isKnownByAddress(flow) ? dst?.words : null
  const user = usersOf(group).length > 0
  return JSON.stringify([recorded, app, user, transport, port, protocol, domain, boundNames, address])
}

function isKnownByAddress({ domain, boundNames, dst }: Flow): boolean {
  if (dst && isMetadataAddress(dst)) return true
  return domain ? boundNames !== undefined && boundNames?.includes(domain) !== true : !boundNames?.length
}

/** Empty where no user is known. */
function usersOf({ flow, users }: RecordedFlows): readonly string[] {
  return typeof flow.user === 'string' ? [flow.user] : (users ?? [])
}

function keptOf(group: RecordedFlows, options: LearnOptions): Kept | { readonly reason: string } {
  const observed = observe(group, options)
  if ('reason' in observed) return observed
  return { ...observed, flow: group.flow, seenUsers: new Set(), count: 0, firstMs: Infinity, lastMs: -Infinity }
}

function add(kept: Kept, group: RecordedFlows, mostUsers: number): void {
  kept.count += group.count
  kept.firstMs = Math.min(kept.firstMs, group.firstMs)
  kept.lastMs = Math.max(kept.lastMs, group.lastMs)
  for (const user of usersOf(group)) if (kept.seenUsers.size < mostUsers) kept.seenUsers.add(user)
}

type Learned = Kept & Observation

/** An application of few users is theirs; one of more is everybody's. */
function withUsers(kept: readonly Kept[], usersForAll: number): readonly Learned[] {
  const byApp = new Map<string | null, Set<string>>()
  for (const { app, seenUsers } of kept) {
    const users = byApp.get(app) ?? new Set()
    for (const user of seenUsers) if (users.size < usersForAll) users.add(user)
    byApp.set(app, users)
  }
  return kept.map((each) => {
    const users = byApp.get(each.app)!
    return {
      ...each,
      users:
        each.seenUsers.size === 0 || users.size >= usersForAll
          ? null
          : [...users].filter((user) => user !== '').toSorted(),
    }
  })
}

/** One for each user, where that matters. */
function flowsOf({ flow, seenUsers, users }: Learned): readonly Flow[] {
  return users === null ? [flow] : [...seenUsers].map((user) => ({ ...flow, user }))
}

function observe(
  group: RecordedFlows,
  options: LearnOptions,
): Pick<Observation, 'app' | 'port' | 'destination'> | { readonly reason: string } {
  const { flow, recorded } = group
  if (recorded?.verdict === 'deny' && recorded.rule !== null) return { reason: `denied by rule ${recorded.rule}` }
  if (recorded?.reason === 'metadata-address') return { reason: 'cloud metadata address' }
  if (!haveLeft(group)) return { reason: 'stopped by the default' }
  const reason = options.suspicious(group)
  if (reason !== null) return { reason }
  const port = portOf(flow)
  if (port === null) return { reason: 'port or transport is unknown' }
  if (typeof flow.app === 'string' && !flow.app.startsWith('/'))
    return { reason: 'the path of the application is not known' }
  if (/[*?]/.test(flow.app ?? '')) return { reason: 'the path of the application holds * or ?' }
  const users = usersOf(group)
  if (users.length > 0 && users.every((user) => user === '')) return { reason: 'the user has no name' }
  const destination = seenDestination(flow, options.world, options.nowMs)
  if (destination === null || (destination.kind === 'address' && !isKnownByAddress(flow)))
    return { reason: 'neither name nor address is known' }
  return { app: flow.app ?? null, port, destination }
}

/** Names are counted for each subject and port: that one application uses many hosts opens nothing for another. */
function generaliseEach(
  kept: readonly Observation[],
  limits: Generalisation,
): (observation: Observation) => LearnedDestination {
  const groups = Map.groupBy(kept, scopeOf)
  const generaliser = new Generaliser(limits)
  const forms = new Map(
    [...groups].map(([scope, all]) => [
      scope,
      generaliser.generalise(
        all.map(({ destination }) => destination),
        all[0]!.port,
      ),
    ]),
  )
  return (observation) =>
    forms.get(scopeOf(observation))?.get(observation.destination.text) ?? observation.destination.text
}

function scopeOf({ app, users, port, destination }: Observation): string {
  return JSON.stringify([app, users, portsText([port]), destination.assurance])
}

function addressText(flow: Flow): string {
  return flow.dst ? 'an address' : 'unknown'
}
