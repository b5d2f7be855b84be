import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { decide, definePolicy, matchImplicit } from '@sallyport/policy'
import { compilePolicy } from '../src/index.ts'
import { NOW, totalFlows } from './analysis/total-flows.ts'
import { policies, WORLD } from './generate-policy.ts'

/** Fixed, so that a run can be repeated; `SALLYPORT_PROPERTY_SEED` looks elsewhere. */
const SEED = Number(process.env['SALLYPORT_PROPERTY_SEED'] ?? 20261124)

test('quic: deny refuses what speaks QUIC, whatever the rules say, and changes nothing else', () => {
  const [denied] = definePolicy({ sallyport: 1, name: 'office', quic: 'deny', rules: [] }).rules
  fc.assert(
    fc.property(policies, totalFlows, (policy, flow) => {
      if (matchImplicit(flow) !== null) return
      const [first, ...rest] = policy.layers
      const without = decide(policy, flow, WORLD, NOW)
      const with_ = { layers: [{ ...first!, rules: [denied!, ...first!.rules] }, ...rest] }
      const verdict = decide(with_, flow, WORLD, NOW)
      if (flow.protocol === 'quic') assert.deepEqual([verdict.verdict, verdict.rule], ['deny', 'quic-office'])
      else assert.deepEqual([verdict.verdict, verdict.rule], [without.verdict, without.rule])
      const compiled = compilePolicy(with_, WORLD, { atMs: NOW }).decide(flow)
      assert.deepEqual([compiled.verdict, compiled.rule], [verdict.verdict, verdict.rule])
    }),
    { numRuns: 400, seed: SEED },
  )
})
