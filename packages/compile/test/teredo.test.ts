import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import {
  formatAddress,
  isPrefix,
  parseAddress,
  parsePrefix,
  prefixContains,
  teredoClient,
  type Address,
  type Prefix,
} from '@sallyport/net'
import { decide, definePolicy, EMPTY_WORLD, type Flow, type World } from '@sallyport/policy'
import { compilePolicy, diffPolicies, reach } from '../src/index.ts'

const NOW = 1_700_000_000_000
const prefix = (text: string): Prefix => {
  const parsed = parsePrefix(text)
  assert.ok(isPrefix(parsed), text)
  return parsed
}
const COUNTRIES: Readonly<Record<string, readonly Prefix[]>> = {
  KP: ['175.45.176.0/22', '192.0.2.0/25'].map(prefix),
  DE: ['192.0.2.128/25', '203.0.113.7', '2001:db8::/32'].map(prefix),
}
const networks: readonly Prefix[] = ['192.0.2.64/26', '2001:db8:1::/48'].map(prefix)
const holds = (prefixes: readonly Prefix[], address: Address): boolean =>
  prefixes.some((each) => prefixContains(each, address))
const WORLD: World = {
  ...EMPTY_WORLD,
  country: (address) => Object.keys(COUNTRIES).find((code) => holds(COUNTRIES[code]!, address)) ?? null,
  countryPrefixes: (code) => COUNTRIES[code] ?? [],
  asn: (address) => (holds(networks, address) ? 64500 : null),
  asnPrefixes: (asn) => (asn === 64500 ? networks : []),
}

const hex = (value: number): string => value.toString(16)
const teredo = fc
  .record({
    server: fc.constantFrom('4136:e378', '0:0', 'ffff:ffff'),
    port: fc.constantFrom('8000:63bf', '0:0', 'ffff:ffff'),
    client: fc.oneof(
      fc.constantFrom(
        0xaf2db001,
        0xc0000200,
        0xc000023f,
        0xc0000240,
        0xc000027f,
        0xc0000280,
        0xcb007107,
        0,
        0xffffffff,
      ),
      fc.integer({ min: 0, max: 0xffffffff }),
    ),
  })
  .map(({ server, port, client }) => {
    const inverted = ~client >>> 0
    return parseAddress(`2001:0:${server}:${port}:${hex(inverted >>> 16)}:${hex(inverted & 0xffff)}`)!
  })
const others = fc
  .constantFrom('192.0.2.1', '2001:db8:1::1', '2001:1::1', '2000:ffff::1', '2002:c000:201::1')
  .map((text) => parseAddress(text)!)
const terms = fc.constantFrom<object>(
  { country: 'KP' },
  { country: ['KP', 'DE'] },
  { asn: 64500 },
  { country: 'DE', asn: 64500 },
  { ip: '2001::/32' },
  { ip: '2001::/16' },
  { ip: '2001:0:4136:e378:8000:63bf:3fff:fdd2' },
  { ip: '2001:0:ffff:ffff::3fff:fd80' },
  { ip: '192.0.2.0/24' },
)
const policies = fc
  .array(
    fc.record({
      action: fc.constantFrom('allow' as const, 'deny' as const),
      to: fc.array(terms, { minLength: 1, maxLength: 2 }),
    }),
    { minLength: 1, maxLength: 4 },
  )
  .map((rules) => definePolicy({ sallyport: 1, rules: rules.map((rule, at) => ({ id: `r${at}`, ...rule })) as never }))

const flowTo = (dst: Address): Flow => ({
  dst,
  port: 443,
  transport: 'tcp',
  domain: null,
  boundNames: null,
  protocol: null,
})

test('a Teredo address is in the country and network of its client, compiled as in decide()', () => {
  fc.assert(
    fc.property(policies, fc.array(fc.oneof(teredo, others), { minLength: 1, maxLength: 12 }), (layer, addresses) => {
      const policy = { layers: [layer] }
      const compiled = compilePolicy(policy, WORLD, { atMs: NOW })
      for (const dst of addresses) {
        const [expected, found] = [decide(policy, flowTo(dst), WORLD, NOW), compiled.decide(flowTo(dst))]
        assert.deepEqual([found.verdict, found.rule], [expected.verdict, expected.rule], formatAddress(dst))
      }
    }),
    { numRuns: 1500 },
  )
})

test('a difference in Teredo addresses alone is found, and its witness decides differently', () => {
  const of = (to: object) => ({
    layers: [definePolicy({ sallyport: 1, default: 'allow', rules: [{ id: 'r', action: 'deny', to: [to] }] as never })],
  })
  const [whole, client] = [
    of({ country: 'KP' }),
    of({ ip: COUNTRIES['KP']!.map((each) => `${formatAddress(each.address)}/${each.length - 96}`) }),
  ]
  const regions = diffPolicies(whole, client, WORLD, NOW)
  assert.ok(regions.length > 0)
  for (const { witness } of regions) {
    assert.ok(teredoClient(witness.dst!) !== null, formatAddress(witness.dst!))
    assert.notEqual(decide(whole, witness, WORLD, NOW).verdict, decide(client, witness, WORLD, NOW).verdict)
  }
  assert.ok(reach(whole, WORLD, NOW, { facts: {} }).length > 0)
})

test('a part of Teredo that says nothing of a client is no prefix', () => {
  assert.deepEqual(parsePrefix('2001:0:4136::/48'), { problem: 'part-of-teredo' })
  for (const text of ['2001::/32', '2001::/16', '2001:0:4136:e378:8000:63bf:3fff:fdd2', '2001:1::/48'])
    assert.ok(isPrefix(parsePrefix(text)), text)
})
