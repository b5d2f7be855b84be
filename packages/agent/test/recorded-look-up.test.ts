import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { QueryRecord } from '@sallyport/dns'
import type { DomainName } from '@sallyport/net'
import { flowOfLookUp } from '../src/run/recorded-look-up.ts'

const REFUSED = {
  verdict: 'deny',
  rule: null,
  layer: 'office',
  mode: 'enforce',
  reason: 'default',
  explain: '',
} as const

function lookedUp(name: string | null): readonly unknown[] {
  const record: QueryRecord = {
    time: new Date(0),
    client: { address: '192.0.2.7', port: 4000 },
    transport: 'udp',
    name: name as DomainName | null,
    type: 16,
    outcome: 'refused',
    rcode: 5,
    verdict: null,
    chain: [],
    addresses: [],
    cached: false,
    stale: false,
    upstream: null,
    tunnel: null,
    durationMs: 0,
  }
  const { domain, boundNames } = flowOfLookUp(record, REFUSED)
  return [domain, boundNames]
}

test('a look-up is recorded under its name, or under the first name above it that a host may have', () => {
  assert.deepEqual(lookedUp('www.example.com'), ['www.example.com', ['www.example.com']])
  assert.deepEqual(lookedUp(String.raw`aaaa.\061auth.d.tunnel.test`), ['d.tunnel.test', ['d.tunnel.test']])
  assert.deepEqual(lookedUp(String.raw`\000\001`), [null, []])
  assert.deepEqual(lookedUp(null), [null, []])
})
