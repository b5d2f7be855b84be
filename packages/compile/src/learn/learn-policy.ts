import { decide, definePolicy, type Layer, type World } from '@sallyport/policy'
import { compilePolicy } from '../compile-policy.ts'
import { haveLeft, type RecordedFlows } from '../recorded-flows.ts'
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
export function learnPolicy(recorded: Iterable<RecordedFlows>, options: LearnOptions): LearnedPolicy {
  const kept: (Observation & { readonly group: RecordedFlows })[] = []
  const leftOut = new Map<string, LeftOut>()
  const leave = (group: RecordedFlows, reason: string): void => {
    const { flow, count } = group
    const destination = flow.domain ?? flow.boundNames?.[0] ?? addressText(group)
    const port = portOf(flow) ?? 'unknown'
    const key = JSON.stringify([reason, destination, port])
    leftOut.set(key, { reason, destination, port, flows: (leftOut.get(key)?.flows ?? 0) + count })
  }
  const nothing = { layers: [definePolicy({ sallyport: 1, name: 'nothing', rules: [] })] }
  for (const group of recorded) {
    if (decide(nothing, group.flow, options.world, options.nowMs).verdict === 'allow') continue
    const observed = observe(group, options)
    if ('reason' in observed) leave(group, observed.reason)
    else kept.push({ ...observed, group })
  }
  const wider = generaliseEach(kept, options)
  const { layer, evidence } = writeRules(kept, (each) => wider(each), options)
  const compiled = compilePolicy({ layers: [layer] }, options.world, { atMs: options.nowMs })
  let covered = 0
  for (const { group } of kept) {
    if (compiled.decide(group.flow).verdict === 'allow') covered += group.count
    else leave(group, 'no rule that can be learned allows it')
  }
  return { layer, evidence, leftOut: [...leftOut.values()].toSorted((a, b) => b.flows - a.flows), covered }
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

function addressText({ flow }: RecordedFlows): string {
  return flow.dst ? 'an address' : 'unknown'
}
