import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { decide, decideAtStage, type Flow, type Policy, type Verdict } from '@sallyport/policy'
import { lintPolicy } from '../../src/index.ts'
import { policies, WORLD } from '../generate-policy.ts'
import { NOW, RUNS, totalFlows } from './total-flows.ts'

/** Fixed, so that a run can be repeated; `SALLYPORT_PROPERTY_SEED` looks elsewhere. */
const SEED = Number(process.env['SALLYPORT_PROPERTY_SEED'] ?? 20261124)

const some = fc.array(totalFlows, { minLength: 10, maxLength: 40 })
const known = policies.filter((policy) => !JSON.stringify(policy).includes('absent'))

const named = (policy: Policy, code: string): readonly (string | null)[] =>
  lintPolicy(policy, WORLD, NOW).flatMap((finding) => (finding.code === code ? [finding.rule] : []))

/** With every fact on the table: an early stage may cite a rule that only could have held. */
const last = (policy: Policy, flow: Flow): Verdict => decideAtStage(policy, flow, WORLD, NOW, 'content')

test('a rule that decides a flow is never called unreachable', () => {
  fc.assert(
    fc.property(known, some, (policy, flows) => {
      const unreachable = named(policy, 'unreachable-rule')
      for (const flow of flows) assert.ok(!unreachable.includes(last(policy, flow).rule ?? ''), JSON.stringify(flow))
    }),
    { numRuns: RUNS, seed: SEED },
  )
})

test('a rule that is called redundant or unreachable can be left out', () => {
  fc.assert(
    fc.property(known, some, (policy, flows) => {
      for (const id of [...named(policy, 'redundant-rule'), ...named(policy, 'unreachable-rule')]) {
        const layers = policy.layers.map((layer) => ({ ...layer, rules: layer.rules.filter((rule) => rule.id !== id) }))
        for (const flow of flows) {
          const [before, after] = [decide(policy, flow, WORLD, NOW), decide({ layers }, flow, WORLD, NOW)]
          assert.deepEqual([after.verdict, after.mode], [before.verdict, before.mode], `${id} ${JSON.stringify(flow)}`)
        }
      }
    }),
    { numRuns: RUNS, seed: SEED },
  )
})
