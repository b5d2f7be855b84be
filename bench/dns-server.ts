/** One forwarder with a blocklist, for bench/dns.ts: prints its port and load time, then its memory on SIGTERM. */
import { readFileSync } from 'node:fs'
import { gunzipSync } from 'node:zlib'
import { policyNameSets, startForwarder, type NameVerdict } from '@sallyport/dns'
import { compilePolicy } from '@sallyport/compile'
import type { DomainName } from '@sallyport/net'
import { EMPTY_WORLD, parsePolicies } from '@sallyport/policy'

const [file = '', port = '0', kind = 'hot', upstreamPort = '9'] = process.argv.slice(2)
const POLICY = `
sallyport: 1
name: bench
default: allow
rules:
  - { id: no-malware, action: deny, to: [{ feed: malware }] }
`
const start = performance.now()
const parsed = parsePolicies([{ file: 'bench.yaml', text: POLICY }])
if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems))
const compiled = loaded(file)
const loadMs = performance.now() - start
const judge = (name: DomainName): NameVerdict =>
  compiled.decide({ domain: null, protocol: null, boundNames: [name], time: Date.now() }, 'handshake')
await startForwarder({
  listen: [{ address: '127.0.0.1', port: Number(port) }],
  upstreams: [{ address: '127.0.0.1', port: Number(upstreamPort) }],
  judge: ({ name }) => judge(name),
  refusal: { kind: 'refused' },
  ...(kind === 'hot' ? { nameSets: policyNameSets(() => compiled, Date.now) } : {}),
})
globalThis.gc?.()
console.log(JSON.stringify({ loadMs: Math.round(loadMs) }))

function loaded(path: string): ReturnType<typeof compilePolicy> {
  const names = gunzipSync(readFileSync(path)).toString().split('\n').filter(Boolean)
  const domains = names.map((name) => ({ kind: 'both' as const, name: name as DomainName }))
  const world = { ...EMPTY_WORLD, feed: () => ({ domains, prefixes: [] }) }
  if (!parsed.ok) throw new Error('unreachable')
  return compilePolicy(parsed.value, world, { atMs: Date.now(), seed: [5, 6] })
}
