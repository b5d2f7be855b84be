import { namedSetKeys } from '../decide/match-destination.ts'
import type { Policy } from '../policy.ts'
import { quote } from './describe.ts'
import { nearest } from './nearest.ts'
import type { Path, Report } from './problem.ts'
import { finding } from './scope.ts'

export type NamedKind = 'service' | 'feed' | 'category'

/** Names of sets that are known where the policy is to hold; of a kind that is left out, every name is taken. */
export type KnownNames = Readonly<Partial<Record<NamedKind, ReadonlySet<string>>>>

const ALLOWED = {
  service: 'a service that `sallyport services list --all` shows; `sallyport services update` brings more',
  feed: 'a feed under `feeds:`, or given with --feed',
  category: 'a category of the catalogue',
} as const satisfies Readonly<Record<NamedKind, string>>

const MOST_SHOWN = 20

export function checkKnown(kind: NamedKind, name: string, path: Path, known: KnownNames, report: Report): void {
  const names = known[kind]
  if (names === undefined || names.has(name)) return
  const shown = names.size <= MOST_SHOWN ? [...names] : []
  report(
    finding('undefined-name', path, `there is no ${kind} ${quote(name)}`, {
      found: quote(name),
      allowed: [ALLOWED[kind], ...shown],
      nearest: nearest(name, names),
    }),
  )
}

/** The sets that rules speak of, by kind. */
export function namesAsked({ layers }: Policy): Readonly<Record<NamedKind, ReadonlySet<string>>> {
  const asked = { service: new Set<string>(), feed: new Set<string>(), category: new Set<string>() }
  for (const { rules } of layers) {
    for (const { to, exceptTo } of rules) {
      for (const term of [...(to ?? []), ...exceptTo]) {
        for (const [kind, names] of namedSetKeys(term)) for (const name of names) asked[kind].add(name)
      }
    }
  }
  return asked
}

export function asksForUnknown(policy: Policy, known: KnownNames): boolean {
  const asked = namesAsked(policy)
  return (Object.keys(asked) as NamedKind[]).some(
    (kind) => known[kind] !== undefined && !asked[kind].isSubsetOf(known[kind]),
  )
}
