import { NEWLY_SEEN, namedSetKeys, nearest, type NamedKind, type Rule, type World } from '@sallyport/policy'
import { finding, type Finding } from '../finding.ts'

/** A named set that is not known, or holds nothing, in an entry of the rule. `feeds` are those that the policy brings along. */
export function neverMatches(rule: Rule, world: World, feeds: ReadonlySet<string>): readonly Finding[] {
  const check = (kind: NamedKind, id: string): readonly Finding[] => {
    const set = world[kind](id)
    if (set === null) return [unknown(rule, kind, id, feeds)]
    if (kind === 'category' && id === NEWLY_SEEN) return []
    const empty = set.domains.length === 0 && set.prefixes.length === 0
    return empty ? [finding('never-matches', 'warning', rule, `${kind} ${id} is empty`)] : []
  }
  return [...(rule.to ?? []), ...rule.exceptTo].flatMap((term) =>
    namedSetKeys(term).flatMap(([kind, ids]) => ids.flatMap((id) => check(kind, id))),
  )
}

function unknown(rule: Rule, kind: NamedKind, id: string, feeds: ReadonlySet<string>): Finding {
  if (kind === 'feed' && feeds.size > 0 && !feeds.has(id)) {
    const near = nearest(id, feeds)
    const meant = near === null ? '' : `; did you mean ${near}?`
    return finding('never-matches', 'error', rule, `feed ${id} is neither under feeds: nor given${meant}`)
  }
  return finding('never-matches', 'warning', rule, `${kind} ${id} is not known here: flows that need it are denied`)
}
