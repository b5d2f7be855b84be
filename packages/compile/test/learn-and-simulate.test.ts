import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import * as fc from 'fast-check'
import { parseDomainPattern, parsePortRange } from '@sallyport/net'
import {
  decide,
  definePolicy,
  EMPTY_WORLD,
  formatPolicy,
  parseFlow,
  parsePolicy,
  type Layer,
  type NamedSet,
  type Rule,
} from '@sallyport/policy'
import {
  compilePolicy,
  haveLeft,
  learnPolicy,
  type LearnedPolicy,
  simulatePolicy,
  type LearnOptions,
  type RecordedFlows,
} from '../src/index.ts'
import { flows as arbitraryFlows, policies, WORLD } from './generate-policy.ts'

const NOW = Date.parse('2026-10-01T00:00:00Z')
const OPTIONS: LearnOptions = {
  name: 'learned',
  world: EMPTY_WORLD,
  nowMs: NOW,
  suspicious: () => null,
  hostsForDomain: 3,
  hostsForService: 2,
  addressesForPrefix: 4,
  services: new Map<string, NamedSet>(),
  suspectFacts: new Set(),
  usersForAll: 3,
}

function seen(facts: object, count = 1, recorded: RecordedFlows['recorded'] = null): RecordedFlows {
  const flow = parseFlow({ transport: 'tcp', port: 443, ...facts })
  assert.ok(!(flow instanceof Array), JSON.stringify(flow))
  return { flow, count, firstMs: NOW, lastMs: NOW, recorded }
}

const named = (name: string, more: object = {}): RecordedFlows => seen({ domain: name, boundNames: [name], ...more })
const recordedFlows = fc.array(
  fc.record({
    flow: arbitraryFlows,
    count: fc.integer({ min: 1, max: 50 }),
    firstMs: fc.constant(NOW),
    lastMs: fc.constant(NOW),
    recorded: fc.constantFrom(
      null,
      { verdict: 'allow', mode: 'enforce', rule: 'r', reason: 'rule' },
      { verdict: 'deny', mode: 'monitor', rule: null, reason: 'default' },
      { verdict: 'deny', mode: 'enforce', rule: null, reason: 'default' },
    ),
  }),
  { maxLength: 30 },
)

const learn = (recorded: readonly RecordedFlows[], options: LearnOptions): Promise<LearnedPolicy> =>
  learnPolicy([recorded], options)

suite('learn', () => {
  test('flows that a rule cannot tell apart are one, wherever they are; those beyond the bound are counted', async () => {
    const [one, other] = [named('a.example', { src: '10.0.0.1' }), named('a.example', { src: '10.0.0.2' })]
    const slices = [[one], [{ ...other, firstMs: NOW - 1 }, named('b.example')]]
    const { covered, evidence, leftOut } = await learnPolicy(slices, OPTIONS, 1)
    assert.equal(covered, 2)
    assert.deepEqual([evidence[0]?.flows, evidence[0]?.firstMs], [2, NOW - 1])
    assert.deepEqual(leftOut, [
      { reason: 'more different flows than are learned from', destination: 'unknown', port: 'unknown', flows: 1 },
    ])
  })

  test('every flow that it says is covered is allowed by the plain meaning of the policy, and nothing is lost', async () => {
    await fc.assert(
      fc.asyncProperty(recordedFlows, async (recorded) => {
        const { layer, covered, leftOut } = await learn(recorded, OPTIONS)
        const policy = { layers: [layer] }
        const implicit = { layers: [definePolicy({ sallyport: 1, rules: [] })] }
        const [allowed, asked] = [policy, implicit].map((each) =>
          recorded
            .filter(({ flow }) => decide(each, flow, EMPTY_WORLD, NOW).verdict === 'allow')
            .reduce((sum, { count }) => sum + count, 0),
        )
        const total = recorded.reduce((sum, { count }) => sum + count, 0)
        assert.ok(allowed! - asked! >= covered)
        assert.equal(covered + leftOut.reduce((sum, { flows }) => sum + flows, 0), total - asked!)
      }),
      { numRuns: 150 },
    )
  })

  test('what is written is a policy file that parses to the same rules', async () => {
    const { layer } = await learn([named('a.example', { app: '/usr/bin/curl', user: 'ann' })], OPTIONS)
    const parsed = parsePolicy(formatPolicy(layer), { file: 'learned' })
    assert.ok(parsed.ok)
    assert.deepEqual(withoutPlaces(parsed.value.rules), withoutPlaces(layer.rules))
  })

  test('three hosts of one registrable name become the name, two do not', async () => {
    const hosts = (count: number): readonly RecordedFlows[] =>
      ['a', 'b', 'c'].slice(0, count).map((host) => named(`${host}.corp.example.com`))
    assert.deepEqual(await destinations(hosts(3)), ['.example.com'])
    assert.deepEqual(await destinations(hosts(2)), ['a.corp.example.com', 'b.corp.example.com'])
  })

  test('tenants of a shared suffix are strangers: they never become the suffix', async () => {
    const hosts = ['a', 'b', 'c', 'd'].map((host) => named(`${host}.github.io`))
    assert.deepEqual(await destinations(hosts), ['a.github.io', 'b.github.io', 'c.github.io', 'd.github.io'])
  })

  test('hosts of one service become the service', async () => {
    const domains = [parseDomainPattern('.hub.example')!, parseDomainPattern('.hubcdn.example')!]
    const learned = async (hub: NamedSet): Promise<Layer> =>
      (
        await learn([named('a.hub.example'), named('b.hubcdn.example')], {
          ...OPTIONS,
          services: new Map([['hub', hub]]),
          world: { ...EMPTY_WORLD, service: () => hub },
        })
      ).layer
    const onPort = (port: string): NamedSet => ({
      domains,
      prefixes: [],
      byPorts: [{ domains, prefixes: [], ports: [parsePortRange(port)!] }],
    })
    assert.deepEqual((await learned({ domains, prefixes: [] })).rules[0]?.to, [{ service: ['hub'] }])
    assert.deepEqual((await learned(onPort('tcp/443'))).rules[0]?.to, [{ service: ['hub'] }])
    assert.equal(
      (await learned(onPort('tcp/25'))).rules[0]?.to?.length,
      2,
      'the service on mail ports says nothing of these',
    )
  })

  test('an application gets what it used, not what another one did', async () => {
    const { layer } = await learn(
      [named('a.example', { app: '/bin/a', user: 'ann' }), named('b.example', { app: '/bin/b', user: 'ann' })],
      OPTIONS,
    )
    const crossed = named('b.example', { app: '/bin/a', user: 'ann' }).flow
    assert.equal(decide({ layers: [layer] }, crossed, EMPTY_WORLD, NOW).verdict, 'deny')
  })

  test('few users of an application are named, more are everybody; of slices that only list them, too', async () => {
    const used = (app: string, ...users: readonly string[]): readonly RecordedFlows[] => [
      ...users.map((user) => named('a.example', { app, user })),
      { ...named('b.example', { app }), users },
    ]
    const { layer, covered } = await learn(
      [...used('/bin/few', 'ann', 'bob'), ...used('/bin/all', 'ann', 'bob', 'cy')],
      OPTIONS,
    )
    assert.deepEqual(
      layer.rules.map(({ from, to }) => [from, to?.length]),
      [
        [[{ app: [{ kind: 'path', glob: '/bin/all' }] }], 2],
        [[{ app: [{ kind: 'path', glob: '/bin/few' }], user: ['ann', 'bob'] }], 2],
      ],
    )
    assert.equal(covered, 7)
  })

  test('of many wider destinations, a reason names a few', async () => {
    const hosts = Array.from({ length: 21 }, (_, at) => named(`h${at % 3}.site-${Math.floor(at / 3)}.example`))
    const { layer } = await learn(hosts, OPTIONS)
    assert.match(layer.rules[0]?.reason ?? '', /stands for 3 seen; 2 more stand for several$/)
  })

  test('a flow whose application no rule could name is left out and said, and does not keep the others from being learned', async () => {
    const known = named('a.example', { app: '/usr/bin/curl', user: 'ann' })
    const unknown = ['curl', ''].map((app) => named('b.example', { app, user: 'ann' }))
    const { layer, leftOut, covered } = await learn([known, ...unknown, named('c.example', { user: '' })], OPTIONS)
    assert.deepEqual([layer.rules.length, covered], [1, 1])
    assert.deepEqual(
      leftOut.map(({ reason, flows }) => [reason, flows]),
      [
        ['the path of the application is not known', 2],
        ['the user has no name', 1],
      ],
    )
  })

  test('what a rule denied is left out, what only the default denied in monitor mode is learned', async () => {
    const byRule = { verdict: 'deny', mode: 'monitor', rule: 'no-c2', reason: 'rule' }
    const byDefault = { verdict: 'deny', mode: 'monitor', rule: null, reason: 'default' }
    const { layer, leftOut } = await learn(
      [seen({ dst: '192.0.2.1' }, 3, byRule), seen({ dst: '192.0.2.2' }, 4, byDefault)],
      OPTIONS,
    )
    assert.equal(layer.rules.length, 1)
    assert.deepEqual(
      leftOut.map(({ reason, flows }) => [reason, flows]),
      [['denied by rule no-c2', 3]],
    )
  })

  test('every rule says what speaks for it', async () => {
    const { evidence, layer } = await learn(
      ['a', 'b', 'c'].map((host) => named(`${host}.example.com`)),
      OPTIONS,
    )
    assert.equal(layer.rules[0]?.reason, '3 flows, 2026-10-01; .example.com stands for 3 seen')
    assert.deepEqual(evidence[0]?.destinations[0]?.seen, ['a.example.com', 'b.example.com', 'c.example.com'])
  })

  function withoutPlaces(rules: readonly Rule[]): readonly object[] {
    return rules.map(({ position: _position, ...rule }) => rule)
  }

  async function destinations(recorded: readonly RecordedFlows[]): Promise<readonly string[]> {
    const { evidence } = await learn(recorded, OPTIONS)
    return evidence.flatMap(({ destinations }) => destinations.map(({ destination }) => destination)).toSorted()
  }
})

suite('simulate', () => {
  test('it counts as deciding every flow by itself does', async () => {
    await fc.assert(
      fc.asyncProperty(policies, recordedFlows, async (policy, recorded) => {
        const { changed, unchanged, flows, groups } = await simulatePolicy(
          compilePolicy(policy, WORLD, { atMs: NOW }),
          [recorded.slice(0, 10), recorded.slice(10)],
        )
        const expected = { blocked: 0, allowed: 0, undetermined: 0 }
        for (const group of recorded) {
          const { verdict } = decide(policy, group.flow, WORLD, NOW)
          if (verdict === 'undetermined') expected.undetermined += group.count
          else if (verdict === 'deny' && haveLeft(group)) expected.blocked += group.count
          else if (verdict === 'allow' && !haveLeft(group)) expected.allowed += group.count
        }
        assert.deepEqual(changed, expected)
        assert.equal(unchanged + changed.blocked + changed.allowed + changed.undetermined, flows)
        assert.equal(
          groups.reduce((sum, group) => sum + group.flows, 0),
          flows - unchanged,
        )
      }),
      { numRuns: 150 },
    )
  })

  test('what a bound on groups leaves out is counted', async () => {
    const policy = compilePolicy({ layers: [definePolicy({ sallyport: 1, rules: [] })] }, EMPTY_WORLD, { atMs: NOW })
    const result = await simulatePolicy(
      policy,
      ['a', 'b', 'c'].map((host) => [seen({ domain: `${host}.example` }, 2)]),
      2,
    )
    assert.deepEqual([result.groups.length, result.overflow, result.changed.blocked], [2, 2, 6])
  })
})
