import { NEWLY_SEEN, namedSetKeys, type Rule, type World } from '@sallyport/policy'
import { finding, type Finding } from '../finding.ts'

/** A named set that is not known, or holds nothing, in an entry of the rule. */
export function neverMatches(rule: Rule, world: World): readonly Finding[] {
  return [...(rule.to ?? []), ...rule.exceptTo].flatMap((term) =>
    namedSetKeys(term).flatMap(([kind, ids]) =>
      ids.flatMap((id) => {
        const set = world[kind](id)
        if (set === null) {
          return [
            finding('never-matches', 'warning', rule, `${kind} ${id} is not known here: flows that need it are denied`),
          ]
        }
        if (kind === 'category' && id === NEWLY_SEEN) return []
        const empty = set.domains.length === 0 && set.prefixes.length === 0
        return empty ? [finding('never-matches', 'warning', rule, `${kind} ${id} is empty`)] : []
      }),
    ),
  )
}
