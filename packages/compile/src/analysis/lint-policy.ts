import type { Policy, World } from '@sallyport/policy'
import type { Finding } from './finding.ts'
import { expired } from './lint/expired.ts'
import { neverMatches } from './lint/never-matches.ts'
import { shadowed } from './lint/shadowed.ts'
import { wideAllow } from './lint/wide-allow.ts'

/** What is probably a mistake in a policy that is valid. */
export function lintPolicy(policy: Policy, world: World, atMs: number): readonly Finding[] {
  const feeds = new Set(policy.layers.flatMap((layer) => Object.keys(layer.feeds ?? {})))
  const rules = policy.layers.flatMap((layer) => layer.rules)
  return [
    ...rules.flatMap((rule) => [...expired(rule, atMs), ...wideAllow(rule), ...neverMatches(rule, world, feeds)]),
    ...shadowed(policy, world, atMs),
  ]
}
