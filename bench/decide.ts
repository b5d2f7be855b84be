/**
 * Decisions a second, compiled, beside cedar-wasm on an equivalent policy set: the same users, names and ports, one
 * `permit` a rule. Every run measures both, so that the ratio holds when the machine's speed drifts.
 */
import { preparsePolicySet, statefulIsAuthorized } from '@cedar-policy/cedar-wasm/nodejs'
import { parseDomainName } from '@sallyport/net'
import type { Flow } from '@sallyport/policy'
import { compilePolicy } from '@sallyport/compile'
import { largePolicy, worldWithFeed } from './large-policy.ts'
import { spread } from './spread.ts'

const RULES = Number(process.env['RULES'] ?? 10_000)
const RUNS = Number(process.env['RUNS'] ?? 5)

function flowOf(i: number): Flow {
  return {
    user: `user${i % 100}`,
    groups: null,
    dst: null,
    country: null,
    asn: null,
    transport: 'tcp',
    port: i % 3 === 0 ? 443 : i % 3 === 1 ? 8443 : 80,
    domain: parseDomainName(`www.site${i}.example.com`)!,
    protocol: null,
  }
}

/** As traffic is: the same thousand destinations again and again. */
const flows: readonly Flow[] = Array.from({ length: 1000 }, (_, at) => flowOf((at * 7919) % (RULES * 2)))
/** As no traffic is: a name that comes again only after 100,000 others. */
const distinct: readonly Flow[] = Array.from({ length: 100_000 }, (_, at) => flowOf(at))

function cedarPolicies(): string {
  return Array.from({ length: RULES }, (_, i) => {
    const port = i % 3 === 0 ? 443 : i % 3 === 1 ? 8443 : 80
    const name = `site${i}.example.com`
    return `permit(principal == User::"user${i % 100}", action == Action::"connect", resource) when { context.port == ${port} && (context.domain == "${name}" || context.domain like "*.${name}") };`
  }).join('\n')
}

const at = performance.now()
const compiled = compilePolicy(largePolicy(RULES), worldWithFeed([]), { atMs: 0 })
const compileMs = performance.now() - at
const parsed = preparsePolicySet('bench', { staticPolicies: cedarPolicies() })
if (parsed.type !== 'success') throw new Error(JSON.stringify(parsed))

function cedar(flow: Flow): string {
  const answer = statefulIsAuthorized({
    principal: { type: 'User', id: flow.user! },
    action: { type: 'Action', id: 'connect' },
    resource: { type: 'Net', id: 'x' },
    context: { port: flow.port!, domain: flow.domain! },
    preparsedPolicySetId: 'bench',
    entities: [],
  })
  if (answer.type !== 'success') throw new Error(JSON.stringify(answer))
  return answer.response.decision
}

for (const flow of flows.slice(0, 40)) {
  const ours = compiled.decide(flow).verdict
  if (ours !== cedar(flow)) throw new Error(`not equivalent: ${JSON.stringify(flow)}: ${ours}`)
}

function rate(decide: (flow: Flow) => unknown, forMs: number, of: readonly Flow[] = flows): number {
  let decisions = 0
  const start = performance.now()
  let now = start
  while (now - start < forMs) {
    for (let i = 0; i < 20; i++) decide(of[decisions++ % of.length]!)
    now = performance.now()
  }
  return (decisions / (now - start)) * 1000
}

const rows = Array.from({ length: RUNS }, () => {
  rate((flow) => compiled.decide(flow), 200)
  const ours = rate((flow) => compiled.decide(flow), 1000)
  const theirs = rate(cedar, 1000)
  const rare = rate((flow) => compiled.decide(flow), 1000, distinct)
  return { ours, theirs, rare, ratio: ours / theirs }
})
console.log(
  JSON.stringify({
    bench: 'decide',
    rules: RULES,
    compileMs: Math.round(compileMs),
    sallyportPerSecond: spread(rows.map(({ ours }) => Math.round(ours))),
    distinctNamesPerSecond: spread(rows.map(({ rare }) => Math.round(rare))),
    cedarPerSecond: spread(rows.map(({ theirs }) => Math.round(theirs))),
    ratio: spread(rows.map(({ ratio }) => Number(ratio.toFixed(1)))),
    nodes: compiled.at(0).diagram.size,
  }),
)
