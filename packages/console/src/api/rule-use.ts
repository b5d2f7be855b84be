import type { Policy } from '@sallyport/policy'
import type { TopRow } from '@sallyport/store'

/** A rule of the policy in force, or `null`: what no rule matched. */
export type RuleUse = {
  readonly rule: string | null
  readonly layer: string | null
  readonly action: string
  /** `unused` of a rule without a flow in the time asked for; `gone` of one that decided flows and is in the policy no more. */
  readonly use: 'used' | 'unused' | 'gone'
  readonly flows: number
  readonly denied: number
  readonly lastSeen: string | null
  readonly until: string | null
  readonly reason: string | null
  readonly line: number | null
}

/** The rules of a policy in their order, then what no rule matched, then rules that are in it no more. */
export function ruleUse({ layers }: Policy, counted: readonly TopRow[]): readonly RuleUse[] {
  const countOf = new Map(counted.map((row) => [row.key, row]))
  const said = (key: string): Pick<RuleUse, 'flows' | 'denied' | 'lastSeen'> => {
    const { flows = 0, denied = 0, lastSeen = null } = countOf.get(key) ?? {}
    return { flows, denied, lastSeen }
  }
  const rules = layers.flatMap(({ name, rules: all }) =>
    all.map(({ id, action, untilMs, reason, position }): RuleUse => {
      const counts = said(id)
      const until = untilMs === null ? null : new Date(untilMs).toISOString()
      const use = counts.flows > 0 ? 'used' : 'unused'
      return { rule: id, layer: name, action, use, ...counts, until, reason, line: position.line }
    }),
  )
  const known = new Set(rules.map(({ rule }) => rule))
  const bare = { layer: null, until: null, reason: null, line: null } as const
  const last = layers.at(-1)
  const other: RuleUse = { ...bare, rule: null, action: last?.default ?? 'deny', use: 'used', ...said('') }
  const gone = counted
    .filter(({ key }) => key !== '' && !known.has(key))
    .map(({ key }): RuleUse => ({ ...bare, rule: key, action: '', use: 'gone', ...said(key) }))
  return [...rules, ...(other.flows > 0 ? [other] : []), ...gone]
}
