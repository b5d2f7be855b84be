import { definePolicy, type Layer } from '@sallyport/policy'
import type { LearnedDestination } from './generalise.ts'
import { portsText } from './ports.ts'
import type { SeenDestination } from './seen-destination.ts'

export type Observation = {
  readonly app: string | null
  /** Null: whoever uses the application. */
  readonly users: readonly string[] | null
  readonly port: string
  readonly destination: SeenDestination
  readonly count: number
  readonly firstMs: number
  readonly lastMs: number
}

/** What speaks for a rule. */
export type Evidence = {
  readonly rule: string
  readonly flows: number
  readonly firstMs: number
  readonly lastMs: number
  readonly destinations: readonly {
    readonly destination: string
    /** Names and addresses seen that it stands for, at most ten of `seenCount`. */
    readonly seen: readonly string[]
    readonly seenCount: number
    readonly flows: number
  }[]
}

const MAX_SEEN = 10
/** Of a rule with more, the evidence has the others. */
const MAX_IN_REASON = 5

/** One rule for each subject, assurance and set of ports. */
export function writeRules(
  observations: readonly Observation[],
  formOf: (observation: Observation) => LearnedDestination,
  { name }: { readonly name: string },
): { readonly layer: Layer; readonly evidence: readonly Evidence[] } {
  const byTarget = Map.groupBy(observations, (each) => JSON.stringify([subjectOf(each), formOf(each)]))
  const targets = [...byTarget].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([, all]) => all)
  const byRule = Map.groupBy(targets, (all) =>
    JSON.stringify([subjectOf(all[0]!), portsText(all.map(({ port }) => port))]),
  )
  const ids = new Map<string, number>()
  const rules = [...byRule.values()].map((members) => {
    const all = members.flat()
    const { app, users, destination } = all[0]!
    const id = nextId(ids, app ?? users?.[0] ?? 'any')
    const evidence = evidenceOf(id, members, formOf)
    const from = { ...(app === null ? {} : { app }), ...(users === null ? {} : { user: users }) }
    const rule = {
      id,
      action: 'allow' as const,
      ...(app === null && users === null ? {} : { from: [from] }),
      to: members.map((each) => written(formOf(each[0]!))),
      ports: portsText(all.map(({ port }) => port)),
      ...(destination.assurance === 'dns' ? { assurance: 'dns' as const } : {}),
      reason: reasonOf(evidence),
    }
    return { rule, evidence }
  })
  const layer = definePolicy(
    { sallyport: 1, name, mode: 'monitor', rules: rules.map(({ rule }) => rule) },
    { file: name },
  )
  return { layer, evidence: rules.map(({ evidence }) => evidence) }
}

/** A bare name of one label would be taken for a defined set. */
function written(form: LearnedDestination): LearnedDestination | { readonly domain: string } {
  return typeof form === 'string' && !/[.:]/.test(form) ? { domain: form } : form
}

function subjectOf({ app, users, destination }: Observation): readonly unknown[] {
  return [app, users, destination.assurance]
}

function nextId(taken: Map<string, number>, text: string): string {
  const slug =
    text
      .slice(text.lastIndexOf('/') + 1)
      .toLowerCase()
      .replace(/[^a-z0-9]+/g, '-')
      .replace(/^-+|-+$/g, '')
      .slice(0, 40) || 'app'
  const count = (taken.get(slug) ?? 0) + 1
  taken.set(slug, count)
  return `${slug}-${count}`
}

function evidenceOf(
  rule: string,
  members: readonly (readonly Observation[])[],
  formOf: (observation: Observation) => LearnedDestination,
): Evidence {
  const all = members.flat()
  const sum = (some: readonly Observation[]): number => some.reduce((total, { count }) => total + count, 0)
  return {
    rule,
    flows: sum(all),
    firstMs: all.reduce((least, { firstMs }) => Math.min(least, firstMs), Infinity),
    lastMs: all.reduce((most, { lastMs }) => Math.max(most, lastMs), -Infinity),
    destinations: members.map((each) => {
      const form = formOf(each[0]!)
      const seen = [...new Set(each.map(({ destination }) => destination.text))]
      return {
        destination: typeof form === 'string' ? form : `service:${form.service}`,
        seen: seen.slice(0, MAX_SEEN),
        seenCount: seen.length,
        flows: sum(each),
      }
    }),
  }
}

function reasonOf({ flows, firstMs, lastMs, destinations }: Evidence): string {
  const [from, to] = [firstMs, lastMs].map((time) => new Date(time).toISOString().slice(0, 10))
  const wider = destinations.filter(({ seenCount }) => seenCount > 1)
  const stands = wider
    .toSorted((a, b) => b.seenCount - a.seenCount)
    .slice(0, MAX_IN_REASON)
    .map(({ destination, seenCount }) => `${destination} stands for ${seenCount} seen`)
  const others = wider.length - stands.length
  return [
    `${flows} ${flows === 1 ? 'flow' : 'flows'}, ${from === to ? from : `${from} to ${to}`}`,
    ...stands,
    ...(others > 0 ? [`${others} more stand for several`] : []),
  ].join('; ')
}
