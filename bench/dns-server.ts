/** A forwarder with a list, for bench/dns.ts: `bound` on the hot path and with each address bound in the kernel, or `plain`. */
import { readFileSync } from 'node:fs'
import { readFeed } from '@sallyport/catalog'
import { compilePolicy, kernelTables } from '@sallyport/compile'
import { dnsSettings, policyNameSets, startForwarder, type Binding } from '@sallyport/dns'
import { createRunCgroup, openEnforcement, removeCgroup } from '@sallyport/kernel'
import { addressBytes } from '@sallyport/net'
import { EMPTY_WORLD, parsePolicies } from '@sallyport/policy'
import { UPSTREAM_PORT } from './dns-servers.ts'

const [list = '', policyFile = '', port = '0', kind = 'plain'] = process.argv.slice(2)
const parsed = parsePolicies([{ file: policyFile, text: readFileSync(policyFile, 'utf8') }])
if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems))
const feed = await readFeed(list)
if ('invalid' in feed) throw new Error(feed.invalid)
const compiled = compilePolicy(parsed.value, { ...EMPTY_WORLD, feed: () => feed }, { atMs: Date.now(), seed: [5, 6] })

await startForwarder({
  listen: [{ address: '127.0.0.1', port: Number(port) }],
  upstreams: [{ address: '127.0.0.1', port: UPSTREAM_PORT }],
  judge: ({ name }) =>
    compiled.decide({ domain: null, protocol: null, boundNames: [name], time: Date.now() }, 'handshake'),
  refusal: dnsSettings(parsed.value).refusal ?? { kind: 'nxdomain' },
  ...(kind === 'bound' ? { nameSets: policyNameSets(() => compiled, Date.now), bind: await kernelBindings() } : {}),
})

/** Of a cgroup without processes. */
async function kernelBindings(): Promise<(bindings: readonly Binding[]) => void> {
  const rules = compiled.at(Date.now())
  const cgroupPath = createRunCgroup(`bench-dns-${process.pid}`)
  process.once('SIGTERM', () => void removeCgroup(cgroupPath).then(() => process.exit()))
  const enforcement = await openEnforcement({ cgroupPath })
  const nobody = { device: null, tags: null, posture: null, users: [], apps: [], units: [] }
  const { rules: _numbered, ...tables } = kernelTables(rules, nobody, [])
  enforcement.apply(tables)
  return (bindings) =>
    enforcement.bind(
      bindings.map(({ name, address, ttlSeconds }) => ({
        address: addressBytes(address),
        names: [{ class: rules.tables.nameClass({ certainty: 'certain', name }), ttlSeconds }],
      })),
    )
}
