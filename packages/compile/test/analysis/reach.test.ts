import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { decide } from '@sallyport/policy'
import { reach } from '../../src/index.ts'
import { policies, WORLD } from '../generate-policy.ts'
import { NOW, RUNS, totalFlows } from './total-flows.ts'

/** Fixed, so that a run can be repeated; `SALLYPORT_PROPERTY_SEED` looks elsewhere. */
const SEED = Number(process.env['SALLYPORT_PROPERTY_SEED'] ?? 20261124)

const known = policies.filter((policy) => !JSON.stringify(policy).includes('absent'))

test('every witness of reach is let through', () => {
  fc.assert(
    fc.property(known, (policy) => {
      for (const { witness, verdict } of reach(policy, WORLD, NOW, { limit: 40 })) {
        const decided = decide(policy, witness, WORLD, NOW)
        assert.ok(decided.verdict === 'allow' || decided.mode === 'monitor', JSON.stringify(witness))
        assert.deepEqual([decided.verdict, decided.mode], [verdict.verdict, verdict.mode], JSON.stringify(witness))
      }
    }),
    { numRuns: RUNS, seed: SEED },
  )
})

test('what a policy allows is in reach, with any of its facts fixed', () => {
  fc.assert(
    fc.property(known, fc.array(totalFlows, { minLength: 5, maxLength: 20 }), (policy, flows) => {
      for (const flow of flows) {
        const { verdict, reason } = decide(policy, flow, WORLD, NOW)
        if (verdict !== 'allow' || reason === 'implicit') continue
        const { user = null, groups = null } = flow
        assert.ok(reach(policy, WORLD, NOW, { facts: { user, groups }, limit: 1 }).length > 0, JSON.stringify(flow))
      }
    }),
    { numRuns: RUNS, seed: SEED },
  )
})
