import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { parseDomainName } from '@sallyport/net'
import { decide, definePolicy, STAGES } from '@sallyport/policy'
import { compilePolicy } from '../src/index.ts'
import { flows, policies, WORLD } from './generate-policy.ts'

/** Fixed, so that a run can be repeated; `SALLYPORT_PROPERTY_SEED` looks elsewhere. */
const SEED = Number(process.env['SALLYPORT_PROPERTY_SEED'] ?? 20261124)

const NOW = 1_700_000_000_500
const RUNS = Number(process.env['SALLYPORT_PROPERTY_RUNS'] ?? 3000)

test('a compiled policy decides every flow as decide() does, unknown facts and every stage included', () => {
  fc.assert(
    fc.property(
      policies,
      fc.array(flows, { minLength: 1, maxLength: 8 }),
      fc.constantFrom(...STAGES),
      (policy, some, stage) => {
        const compiled = compilePolicy(policy, WORLD, { atMs: NOW })
        for (const flow of some) {
          const {
            needs: _needs,
            explain: _why,
            ...expected
          } = { needs: [], ...decide(policy, flow, WORLD, NOW, stage) }
          const { needs: _found, explain: _text, ...actual } = { needs: [], ...compiled.decide(flow, stage) }
          assert.deepEqual(actual, expected)
        }
      },
    ),
    { numRuns: RUNS, seed: SEED },
  )
})

test('what an exception settled is open again when another name is verified and the protocol is not known', () => {
  const layer = definePolicy({
    sallyport: 1,
    default: 'allow',
    rules: [
      {
        id: 'no-tls',
        action: 'deny',
        except: { to: [{ domain: '.example.com', country: 'DE' }] },
        protocol: ['tls'],
        assurance: 'dns',
      },
    ],
  })
  const policy = { layers: [layer] }
  const flow = {
    domain: parseDomainName('example.com')!,
    boundNames: [parseDomainName('a.example.com')!],
    country: 'DE',
  }
  for (const verdict of [decide(policy, flow, WORLD, NOW), compilePolicy(policy, WORLD, { atMs: NOW }).decide(flow)]) {
    assert.deepEqual([verdict.verdict, verdict.stage], ['undetermined', 'content'])
  }
  assert.equal(decide(policy, { ...flow, protocol: 'tls' }, WORLD, NOW).verdict, 'deny')
  assert.equal(decide(policy, { ...flow, protocol: 'ssh' }, WORLD, NOW).verdict, 'allow')
})

test('generated policies reach every verdict, at every stage', () => {
  const seen = new Set<string>()
  for (const policy of fc.sample(policies, { numRuns: 400, seed: 7 })) {
    for (const flow of fc.sample(flows, { numRuns: 12, seed: 11 })) {
      const verdict = decide(policy, flow, WORLD, NOW)
      seen.add(verdict.verdict).add(verdict.stage).add(verdict.reason)
    }
  }
  for (const expected of ['allow', 'deny', 'undetermined', ...STAGES, 'rule', 'default', 'metadata-address']) {
    assert.ok(seen.has(expected), `no generated case is ${expected}`)
  }
})
