import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { decide, type Flow, type Policy } from '@sallyport/policy'
import { diffPolicies, lintPolicy, reach } from '../src/index.ts'
import { policies, totalFlows, WORLD } from './generate-policy.ts'

/** Fixed, so that a run can be repeated; `SALLYPORT_PROPERTY_SEED` looks elsewhere. */
const SEED = Number(process.env['SALLYPORT_PROPERTY_SEED'] ?? 20261124)

const NOW = 1_700_000_000_500
const RUNS = Number(process.env['SALLYPORT_PROPERTY_RUNS'] ?? 60)

const effect = (policy: Policy, flow: Flow): string => {
  const { verdict, mode } = decide(policy, flow, WORLD, NOW)
  return verdict === 'undetermined' ? verdict : `${verdict} ${mode}`
}
const rules = (policy: Policy): Policy['layers'][number]['rules'] => policy.layers.flatMap((layer) => layer.rules)
const known = (policy: Policy): boolean => !JSON.stringify(policy).includes('"absent"')
const edited = policies.chain((policy) =>
  fc.nat(Math.max(0, rules(policy).length - 1)).map((at) => ({
    before: policy,
    after: {
      layers: policy.layers.map((layer) => ({
        ...layer,
        rules: layer.rules.filter((rule) => rule !== rules(policy)[at]),
      })),
    },
  })),
)

test('every witness of a difference is decided differently', () => {
  fc.assert(
    fc.property(edited, ({ before, after }) => {
      fc.pre(known(before))
      for (const { witness, description } of diffPolicies(before, after, WORLD, NOW)) {
        assert.notEqual(effect(before, witness), effect(after, witness), description)
      }
    }),
    { numRuns: RUNS, seed: SEED },
  )
})

test('where a search finds a flow that is decided differently, so does diff', () => {
  fc.assert(
    fc.property(edited, fc.array(totalFlows, { minLength: 20, maxLength: 40 }), ({ before, after }, flows) => {
      fc.pre(known(before))
      const found = flows.find((flow) => effect(before, flow) !== effect(after, flow))
      if (found) assert.notEqual(diffPolicies(before, after, WORLD, NOW).length, 0, JSON.stringify(found))
    }),
    { numRuns: RUNS, seed: SEED },
  )
})

test('a policy does not differ from itself', () => {
  fc.assert(
    fc.property(policies.filter(known), (policy) => assert.deepEqual(diffPolicies(policy, policy, WORLD, NOW), [])),
    { numRuns: 100, seed: SEED },
  )
})

test('a rule that is called unreachable or redundant changes nothing when it is left out', () => {
  fc.assert(
    fc.property(policies, fc.array(totalFlows, { minLength: 20, maxLength: 40 }), (policy, flows) => {
      fc.pre(known(policy))
      for (const { code, rule } of lintPolicy(policy, WORLD, NOW)) {
        if (code !== 'unreachable-rule' && code !== 'redundant-rule') continue
        const without = {
          layers: policy.layers.map((layer) => ({ ...layer, rules: layer.rules.filter(({ id }) => id !== rule) })),
        }
        for (const flow of flows) {
          assert.equal(effect(without, flow), effect(policy, flow))
          if (code === 'unreachable-rule') assert.notEqual(decide(policy, flow, WORLD, NOW).rule, rule)
        }
      }
    }),
    { numRuns: RUNS / 3, seed: SEED },
  )
})

test('every row of reach is a flow that the policy lets through, by that rule', () => {
  fc.assert(
    fc.property(policies.filter(known), (policy) => {
      for (const { witness, rule, verdict } of reach(policy, WORLD, NOW)) {
        const decided = decide(policy, witness, WORLD, NOW)
        assert.equal(decided.verdict, verdict.verdict)
        assert.equal(decided.rule, rule)
      }
    }),
    { numRuns: RUNS / 3, seed: SEED },
  )
})
