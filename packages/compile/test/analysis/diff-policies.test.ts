import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { decide, type Policy, type Verdict } from '@sallyport/policy'
import { diffPolicies } from '../../src/index.ts'
import { policies, WORLD } from '../generate-policy.ts'
import { NOW, RUNS, totalFlows } from './total-flows.ts'

/** Fixed, so that a run can be repeated; `SALLYPORT_PROPERTY_SEED` looks elsewhere. */
const SEED = Number(process.env['SALLYPORT_PROPERTY_SEED'] ?? 20261124)

const sameVerdict = (a: Verdict, b: Verdict): boolean =>
  a.verdict === b.verdict && (a.verdict === 'undetermined' || a.mode === b.mode)

/** A second policy that is close to the first: rules left out or in another order. */
const pairs: fc.Arbitrary<readonly [Policy, Policy]> = fc
  .tuple(policies, fc.nat(), fc.nat(), fc.boolean())
  .map(([policy, layerAt, ruleAt, swap]) => {
    const layers = policy.layers.map((layer, at) => {
      if (at !== layerAt % policy.layers.length || layer.rules.length === 0) return layer
      const index = ruleAt % layer.rules.length
      const rest = layer.rules.filter((_, each) => each !== index)
      return { ...layer, rules: swap ? [...rest, layer.rules[index]!] : rest }
    })
    return [policy, { layers }]
  })

test('every region has a witness that is decided differently, and no flow is decided differently without a region', () => {
  fc.assert(
    fc.property(pairs, fc.array(totalFlows, { minLength: 1, maxLength: 40 }), ([before, after], some) => {
      const regions = diffPolicies(before, after, WORLD, NOW, 40)
      for (const { witness } of regions) {
        assert.ok(!sameVerdict(decide(before, witness, WORLD, NOW), decide(after, witness, WORLD, NOW)))
      }
      if (regions.length > 0) return
      for (const flow of some) {
        assert.ok(sameVerdict(decide(before, flow, WORLD, NOW), decide(after, flow, WORLD, NOW)), JSON.stringify(flow))
      }
    }),
    { numRuns: RUNS, seed: SEED },
  )
})

test('unrelated policies are compared as well', () => {
  fc.assert(
    fc.property(policies, policies, fc.array(totalFlows, { minLength: 1, maxLength: 20 }), (before, after, some) => {
      const regions = diffPolicies(before, after, WORLD, NOW)
      const different = some.find(
        (flow) => !sameVerdict(decide(before, flow, WORLD, NOW), decide(after, flow, WORLD, NOW)),
      )
      assert.ok(different === undefined || regions.length > 0)
    }),
    { numRuns: Math.ceil(RUNS / 4), seed: SEED },
  )
})
