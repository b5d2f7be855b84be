import { formatAddress } from '@sallyport/net'
import type { Flow, Verdict } from '@sallyport/policy'
import type { CompiledPolicy } from '../compile-policy.ts'
import { haveLeft, type AskedOfFlows, type InSlices, type RecordedFlows } from '../recorded-flows.ts'

/** `undetermined`: the record has too few facts to say; enforcement would wait for them, and deny without. */
export type Change = 'blocked' | 'allowed' | 'undetermined'

/** Flows to one destination that one rule of the candidate would treat in another way. */
export type ChangedFlows = {
  readonly change: Change
  /** `null` is the default. */
  readonly rule: string | null
  readonly layer: string
  readonly destination: string
  readonly port: string
  readonly flows: number
  readonly firstMs: number
  readonly lastMs: number
  readonly apps: readonly string[]
  readonly users: readonly string[]
  readonly explain: string
  /** The facts that are missing, where the change is `undetermined`. */
  readonly needs: readonly string[]
}

export type Simulation = {
  readonly flows: number
  /** Sets of flows that the policy and this account do not tell apart, each decided once a slice. */
  readonly distinct: number
  readonly unchanged: number
  /** Flows by change, those beyond the bound on groups too. */
  readonly changed: Readonly<Record<Change, number>>
  /** Most flows first. */
  readonly groups: readonly ChangedFlows[]
  /** Flows that changed and found no place in a group. */
  readonly overflow: number
}

const MAX_NAMED = 20

/** What the candidate can tell apart, and what is said of where flows went. */
export function askedToSimulate(candidate: CompiledPolicy): AskedOfFlows {
  const facts = [...candidate.factsAsked.union(new Set(['domain', 'boundNames', 'transport', 'port']))]
  return { facts, byReason: false, byMinute: candidate.isTimed, listed: MAX_NAMED }
}

/**
 * What the candidate, enforced, would have done with recorded flows. Its mode does not matter: who watches a candidate wants
 * to know what enforcing it does.
 */
export async function simulatePolicy(
  candidate: CompiledPolicy,
  recorded: InSlices<RecordedFlows>,
  maxGroups = 10_000,
): Promise<Simulation> {
  const drafts = new Map<string, Draft>()
  const changed = { blocked: 0, allowed: 0, undetermined: 0 }
  let [flows, distinct, overflow] = [0, 0, 0]
  for await (const slice of recorded)
    for (const group of slice) {
      flows += group.count
      distinct++
      const verdict = candidate.decide(group.flow)
      const change = changeOf(verdict, haveLeft(group))
      if (change === null) continue
      changed[change] += group.count
      const named = { change, rule: verdict.rule, layer: verdict.layer, ...destinationOf(group.flow) }
      const key = JSON.stringify(Object.values(named))
      const draft = drafts.get(key)
      if (draft === undefined && drafts.size >= maxGroups) overflow += group.count
      else drafts.set(key, extend(draft ?? { ...named, ...EMPTY, apps: new Set(), users: new Set(), verdict }, group))
    }
  const unchanged = flows - changed.blocked - changed.allowed - changed.undetermined
  return { flows, distinct, unchanged, changed, groups: [...drafts.values()].map(finish).toSorted(byFlows), overflow }
}

type Named = Pick<ChangedFlows, 'change' | 'rule' | 'layer' | 'destination' | 'port'>
type Draft = Named & {
  flows: number
  firstMs: number
  lastMs: number
  readonly apps: Set<string>
  readonly users: Set<string>
  readonly verdict: Verdict
}

const EMPTY = { flows: 0, firstMs: Infinity, lastMs: -Infinity }

function changeOf(verdict: Verdict, left: boolean): Change | null {
  switch (verdict.verdict) {
    case 'allow':
      return left ? null : 'allowed'
    case 'deny':
      return left ? 'blocked' : null
    case 'undetermined':
      return 'undetermined'
  }
}

function destinationOf(flow: Flow): Pick<Named, 'destination' | 'port'> {
  const address = flow.dst ? formatAddress(flow.dst) : 'unknown'
  const transport = flow.transport ?? 'unknown'
  const port = typeof flow.port === 'number' ? `${transport}/${flow.port}` : transport
  return { destination: flow.domain ?? flow.boundNames?.[0] ?? address, port }
}

function extend(draft: Draft, { flow, count, firstMs, lastMs, apps = [], users = [] }: RecordedFlows): Draft {
  for (const app of flow.app ? [flow.app] : apps) if (app !== '' && draft.apps.size < MAX_NAMED) draft.apps.add(app)
  for (const user of flow.user ? [flow.user] : users)
    if (user !== '' && draft.users.size < MAX_NAMED) draft.users.add(user)
  draft.flows += count
  draft.firstMs = Math.min(draft.firstMs, firstMs)
  draft.lastMs = Math.max(draft.lastMs, lastMs)
  return draft
}

function finish({ apps, users, verdict, ...rest }: Draft): ChangedFlows {
  const needs = verdict.verdict === 'undetermined' ? verdict.needs : []
  return { ...rest, apps: [...apps].toSorted(), users: [...users].toSorted(), explain: verdict.explain, needs }
}

function byFlows(a: ChangedFlows, b: ChangedFlows): number {
  return b.flows - a.flows || (a.destination < b.destination ? -1 : 1)
}
