import { decide, definePolicy, type Flow, type Layer, type World } from '@sallyport/policy'
import { compilePolicy } from '../compile-policy.ts'
import { haveLeft, type InSlices, type RecordedFlows } from '../recorded-flows.ts'
import { generalise, type Generalisation } from './generalise.ts'
import { portOf, portsText } from './ports.ts'
import { seenDestination } from './seen-destination.ts'
import { writeRules, type Evidence, type Observation } from './write-rules.ts'

export type LearnOptions = Generalisation & {
  readonly name: string
  readonly world: World
  readonly nowMs: number
  /** Why these flows must not become a rule; `null` when nothing speaks against them. */
  readonly suspicious: (flows: RecordedFlows) => string | null
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
 * The least policy that allows what was seen: a rule for each application and user, with the names, addresses and ports
 * that it used. What a rule denied, or what is suspicious, is left out. Every flow counted in `covered` is allowed by the
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
  const nothing = { layers: [definePolicy({ sallyport: 1, name: 'nothing', rules: [] })] }
  for await (const slice of recorded)
    for (const group of slice) {
      if (decide(nothing, group.flow, options.world, options.nowMs).verdict === 'allow') continue
      const key = keyOf(group)
      const before = known.get(key)
      const observed = before ?? (known.size < maxKept ? keptOf(group, options) : TOO_MANY)
      if (before === undefined && observed !== TOO_MANY) known.set(key, observed)
      if ('reason' in observed) leave(observed === TOO_MANY ? { flow: {}, count: group.count } : group, observed.reason)
      else add(observed, group)
    }
  const kept = [...known.values()].filter((each): each is Kept => !('reason' in each))
  const wider = generaliseEach(kept, options)
  const { layer, evidence } = writeRules(kept, (each) => wider(each), options)
  const compiled = compilePolicy({ layers: [layer] }, options.world, { atMs: options.nowMs })
  let covered = 0
  for (const each of kept) {
    if (compiled.decide(each.flow).verdict === 'allow') covered += each.count
    else leave(each, 'no rule that can be learned allows it')
  }
  return { layer, evidence, leftOut: [...leftOut.values()].toSorted((a, b) => b.flows - a.flows), covered }
}

/** Flows that no learned rule tells apart, with one of them. */
type Kept = { -readonly [Key in keyof Observation]: Observation[Key] } & { readonly flow: Flow }

const MAX_KEPT = 1_000_000
const TOO_MANY = { reason: 'more different flows than are learned from' } as const

/** What became of them, and all facts that a learned rule looks at. */
function keyOf({ flow, recorded }: RecordedFlows): string {
  const { app, user, transport, port, protocol, domain, boundNames, dst } = flow
  return JSON.stringify([recorded, app, user, transport, port, protocol, domain, boundNames, dst?.words])
}

function keptOf(group: RecordedFlows, options: LearnOptions): Kept | { readonly reason: string } {
  const observed = observe(group, options)
  return 'reason' in observed
    ? observed
    : { ...observed, flow: group.flow, count: 0, firstMs: Infinity, lastMs: -Infinity }
}

function add(kept: Kept, { count, firstMs, lastMs }: RecordedFlows): void {
  kept.count += count
  kept.firstMs = Math.min(kept.firstMs, firstMs)
  kept.lastMs = Math.max(kept.lastMs, lastMs)
}

function observe(group: RecordedFlows, options: LearnOptions): Observation | { readonly reason: string } {
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
  if (flow.user === '') return { reason: 'the user has no name' }
  const destination = seenDestination(flow, options.world, options.nowMs)
  if (destination === null) return { reason: 'neither name nor address is known' }
  const { count, firstMs, lastMs } = group
  return { app: flow.app ?? null, user: flow.user ?? null, port, destination, count, firstMs, lastMs }
}

/** Names are counted for each subject and port: that one application uses many hosts opens nothing for another. */
function generaliseEach(
  kept: readonly Observation[],
  limits: Generalisation,
): (observation: Observation) => ReturnType<ReturnType<typeof generalise>['get']> & {} {
  const groups = Map.groupBy(kept, scopeOf)
  const forms = new Map(
    [...groups].map(([scope, all]) => [
      scope,
      generalise(
        all.map(({ destination }) => destination),
        all[0]!.port,
        limits,
      ),
    ]),
  )
  return (observation) =>
    forms.get(scopeOf(observation))?.get(observation.destination.text) ?? observation.destination.text
}

function scopeOf({ app, user, port, destination }: Observation): string {
  return JSON.stringify([app, user, portsText([port]), destination.assurance])
}

function addressText(flow: Flow): string {
  return flow.dst ? 'an address' : 'unknown'
}
