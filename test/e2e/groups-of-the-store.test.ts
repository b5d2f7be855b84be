import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import * as fc from 'fast-check'
import {
  askedToLearn,
  askedToSimulate,
  compilePolicy,
  learnPolicy,
  simulatePolicy,
  type LearnOptions,
  type RecordedFlows,
  type Simulation,
} from '@sallyport/compile'
import { decide, EMPTY_WORLD, flowFacts, formatPolicy, parseFlow, type Flow } from '@sallyport/policy'
import { FlowStore, ReadableGroups, type StoredFlow } from '@sallyport/store'
import { flows as someFlows, policies, WORLD } from '../../packages/compile/test/generate-policy.ts'

const NOW = Date.parse('2026-10-01T00:00:00Z')
const HOUR_MS = 3_600_000
const BOUNDS = { flows: 300, mostFlows: 500, mostGroups: 200 }
const VERDICTS = [
  null,
  { verdict: 'allow', mode: 'enforce', rule: 'r', reason: 'rule' },
  { verdict: 'deny', mode: 'monitor', rule: null, reason: 'default' },
  { verdict: 'deny', mode: 'enforce', rule: 'no', reason: 'rule' },
] as const

suite('flows that the store groups by what is asked', () => {
  let store: FlowStore
  const plain: RecordedFlows[] = []

  before(async () => {
    store = await FlowStore.open()
    const stored = fc
      .sample(fc.tuple(someFlows, fc.constantFrom(...VERDICTS)), { numRuns: 1200, seed: 3 })
      .map(([{ time: _time, appSha256, ...others }, recorded], at): StoredFlow => {
        const facts = { ...others, ...(typeof appSha256 === 'string' ? { appSha256: appSha256.padEnd(64, '0') } : {}) }
        const time = NOW + Math.floor((at * 30 * HOUR_MS) / 1200)
        // As a log has it: what no parser lets through is in no flow.
        const flow = parseFlow(JSON.parse(JSON.stringify(flowFacts({ ...facts, time })))) as Flow
        assert.ok(!Array.isArray(flow), JSON.stringify(flow))
        plain.push({ flow, count: 1, firstMs: time, lastMs: time, recorded })
        const verdict = recorded && { ...recorded, layer: 'l', stage: 'connect', explain: '' }
        return { flow, verdict: verdict as StoredFlow['verdict'], about: {} }
      })
    await store.ingest({ id: 'all', flows: stored }, NOW)
  })
  after(() => store[Symbol.dispose]())

  test('simulate counts as deciding every flow by itself does', async () => {
    for (const policy of fc.sample(policies, { numRuns: 8, seed: 11 })) {
      const candidate = compilePolicy(policy, WORLD, { atMs: NOW })
      const expected = await simulatePolicy(candidate, [plain])
      const recorded = new ReadableGroups(store, [], askedToSimulate(candidate), BOUNDS)
      const found = await simulatePolicy(candidate, recorded)
      assert.deepEqual(comparable(found), comparable(expected), formatPolicy(policy.layers[0]!))
      assert.ok(found.distinct <= expected.distinct)
      assert.deepEqual([recorded.unreadable, recorded.progress], [0, 1])
    }
  })

  test('learn learns from as many flows as from every flow by itself, and all of them are allowed', async () => {
    const options: LearnOptions = {
      name: 'learned',
      world: EMPTY_WORLD,
      nowMs: NOW,
      suspicious: ({ flow }) => (flow.domain === 'example.net' ? 'suspected' : null),
      suspectFacts: new Set(),
      usersForAll: 2,
      hostsForDomain: 3,
      hostsForService: 2,
      addressesForPrefix: 4,
      services: new Map(),
    }
    const expected = await learnPolicy([plain], options)
    const learned = await learnPolicy(new ReadableGroups(store, [], askedToLearn(options), BOUNDS), options)
    assert.equal(learned.covered, expected.covered)
    const reasons = (of: typeof learned): readonly string[] =>
      of.leftOut.map(({ reason, destination, port, flows }) => `${reason} ${destination} ${port} ${flows}`).toSorted()
    assert.deepEqual(reasons(learned), reasons(expected))
    const policy = { layers: [learned.layer] }
    const allowed = plain.filter(({ flow }) => decide(policy, flow, EMPTY_WORLD, NOW).verdict === 'allow').length
    assert.ok(allowed >= learned.covered && learned.covered > 0)
  })
})

function comparable({ groups, changed, unchanged, flows, overflow }: Simulation): object {
  const key = ({ change, rule, layer, destination, port }: Simulation['groups'][number]): string =>
    JSON.stringify([change, rule, layer, destination, port])
  return {
    changed,
    unchanged,
    flows,
    overflow,
    groups: groups
      .map(({ explain: _explain, needs: _needs, ...group }) => group)
      .toSorted((a, b) => (key(a as never) < key(b as never) ? -1 : 1)),
  }
}
