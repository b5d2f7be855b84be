import type { Rule } from '@sallyport/policy'
import type { Known } from './alert.ts'

/** A rule that refuses what feeds list, and nothing else, tells of them even where it does not ask for an alert. */
export function alertingRules(rules: readonly Rule[]): Pick<Known, 'ruleAlerts' | 'feedRules'> {
  const feedsOf = ({ action, to }: Rule): readonly string[] =>
    action === 'deny' && to !== null && to.every(({ feed }) => feed !== undefined)
      ? [...new Set(to.flatMap(({ feed }) => feed!))]
      : []
  const ofFeeds = rules.flatMap((rule) => {
    const feeds = feedsOf(rule)
    return feeds.length === 0 ? [] : [[rule.id, { feeds, severity: rule.alert ?? 'medium' }] as const]
  })
  const feedRules = new Map(ofFeeds)
  const asking = rules.flatMap(({ id, alert }) => (alert === null || feedRules.has(id) ? [] : [[id, alert] as const]))
  return { ruleAlerts: new Map(asking), feedRules }
}
