import { suffixes, type DomainName, type DomainPattern } from '@sallyport/net'
import { DomainList } from './domain-list.ts'
import { ruleApplies, ruleKey, rulesBlock, type NameRule } from './name-rule.ts'

type Settled = { readonly domains: DomainList; readonly except: DomainList }
type Verdicts = { readonly self: boolean; readonly below: boolean }

/**
 * Rules that outrank each other as patterns of which the nearest decides. `plain` are blocks without options, most of a
 * list; only those that another rule is above or below of are looked at again.
 */
export function settleRules(plain: DomainList, rules: readonly NameRule[], cancelled: ReadonlySet<string>): Settled {
  const special = rules.filter((rule) => !cancelled.has(ruleKey(rule)))
  if (special.length === 0 && cancelled.size === 0) return { domains: plain, except: new DomainList() }
  const domains = new DomainList()
  const except = new DomainList()
  const isTouched = touchedBy(special)
  const byName = new Map<string, NameRule[]>()
  const enter = (name: DomainName, ...entered: readonly NameRule[]): void => {
    const known = byName.get(name)
    if (known === undefined) byName.set(name, [...entered])
    else known.push(...entered)
  }
  for (const pattern of plain) {
    const rule = { pattern, isException: false, isImportant: false, denyAllow: [], types: null }
    if (cancelled.size > 0 && cancelled.has(ruleKey(rule))) continue
    if (isTouched(pattern.name)) enter(pattern.name, rule)
    else domains.add(pattern)
  }
  for (const rule of special) {
    enter(rule.pattern.name, rule)
    for (const name of rule.denyAllow) enter(name)
  }
  emit(byName, (pattern, blocks) => (blocks ? domains : except).add(pattern))
  return { domains: domains.finish(), except: except.finish() }
}

/** Whether a name is below one that a rule names, is one, or is above one. */
function touchedBy(rules: readonly NameRule[]): (name: DomainName) => boolean {
  const named = new Set(rules.flatMap(({ pattern, denyAllow }) => [pattern.name, ...denyAllow]))
  const above = new Set([...named].flatMap((name) => [...suffixes(name)]))
  return (name) => above.has(name) || suffixes(name).some((each) => named.has(each))
}

function emit(
  byName: ReadonlyMap<string, readonly NameRule[]>,
  add: (pattern: DomainPattern, blocks: boolean) => void,
): void {
  const settled = new Map<string, Verdicts>()
  const names = [...byName.keys()].sort((a, b) => a.length - b.length || (a < b ? -1 : 1)) as DomainName[]
  for (const name of names) {
    const chain = [...suffixes(name)]
    const candidates = new Set(chain.flatMap((each) => byName.get(each) ?? []))
    const blocks = (asked: DomainName): boolean =>
      rulesBlock([...candidates].filter((rule) => ruleApplies(rule, asked)))
    // No rule names a label `*`, so this is any name below that no rule knows.
    const verdicts = { self: blocks(name), below: blocks(`*.${name}` as DomainName) }
    settled.set(name, verdicts)
    const parent = chain.slice(1).find((each) => settled.has(each))
    const inherited = parent === undefined ? false : settled.get(parent)!.below
    if (verdicts.self === verdicts.below) {
      if (verdicts.self !== inherited) add({ kind: 'both', name }, verdicts.self)
      continue
    }
    if (verdicts.self !== inherited) add({ kind: 'name', name }, verdicts.self)
    if (verdicts.below !== inherited) add({ kind: 'below', name }, verdicts.below)
  }
}
