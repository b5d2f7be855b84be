/** Time and memory to compile 10,000 rules beside a feed of a million names (malware-domains of the test data). */
import { gunzipSync } from 'node:zlib'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseDomainName } from '@sallyport/net'
import { compilePolicy } from '@sallyport/compile'
import { largePolicy, worldWithFeed } from './large-policy.ts'

const data = process.env['SALLYPORT_TEST_DATA']
const file = data === undefined ? null : join(data, 'feeds/malware-domains.txt.gz')
const real = file !== null && existsSync(file)
const domains = real
  ? gunzipSync(readFileSync(file)).toString('latin1').split('\n').filter(Boolean)
  : Array.from({ length: 1_000_000 }, (_, i) => `host${i}.bad${i % 5000}.example.net`)
const world = worldWithFeed(domains)
const policy = largePolicy(10_000)
globalThis.gc?.()
const before = process.memoryUsage()
const start = performance.now()
const compiled = compilePolicy(policy, world, { atMs: 0 })
const compileMs = performance.now() - start
globalThis.gc?.()
const after = process.memoryUsage()
const listed = compiled.decide({
  user: 'x',
  dst: null,
  transport: 'tcp',
  port: 443,
  domain: parseDomainName(domains[5]!)!,
})
console.log(
  JSON.stringify({
    bench: 'compile',
    domains: domains.length,
    source: real ? 'malware-domains' : 'generated',
    compileMs: Math.round(compileMs),
    tableMegabytes: Math.round((after.arrayBuffers - before.arrayBuffers) / 1e6),
    heapMegabytes: Math.round((after.heapUsed - before.heapUsed) / 1e6),
    listed: listed.rule,
  }),
)
