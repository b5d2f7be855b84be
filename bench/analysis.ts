/** How long `check`, `diff` and `reach` take over large policies; there is no peer that answers these questions exactly. */
import { diffPolicies, lintPolicy, reach } from '@sallyport/compile'
import type { Policy } from '@sallyport/policy'
import { largePolicy, worldWithFeed } from './large-policy.ts'

const RULES = Number(process.env['RULES'] ?? 10_000)
const RUNS = Number(process.env['RUNS'] ?? 3)

const world = worldWithFeed(['evil.example'])
const policy = largePolicy(RULES)
const shorter: Policy = {
  layers: policy.layers.map((layer) => ({ ...layer, rules: layer.rules.filter((_, at) => at !== RULES / 2) })),
}

function timed(work: () => readonly unknown[]): { readonly ms: number; readonly found: number } {
  const start = performance.now()
  const found = work().length
  return { ms: Math.round(performance.now() - start), found }
}

for (let run = 0; run < RUNS; run++) {
  console.log(
    JSON.stringify({
      bench: 'analysis',
      rules: RULES,
      check: timed(() => lintPolicy(policy, world, 0)),
      diff: timed(() => diffPolicies(policy, shorter, world, 0)),
      same: timed(() => diffPolicies(policy, policy, world, 0)),
      reach: timed(() => reach(policy, world, 0, { facts: { user: 'user7' } })),
    }),
  )
}
