import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { stringify } from 'yaml'
import { definePolicy, formatPolicy, formatProblem, parsePolicy, type Layer } from '@sallyport/policy'
import { withoutPositions } from './plain-layer.ts'
import { policies } from './random-policy.ts'

function parsed(text: string): Layer {
  const result = parsePolicy(text, { file: 'policy.yaml' })
  assert.ok(result.ok, result.ok ? '' : result.problems.map((problem) => formatProblem(problem, text)).join('\n'))
  return result.value
}

test('a policy written out parses to the same policy', () => {
  fc.assert(
    fc.property(policies, (policy) => {
      const layer = definePolicy(policy)
      assert.deepEqual(withoutPositions(parsed(formatPolicy(layer))), withoutPositions(layer))
    }),
    { numRuns: 300 },
  )
})

test('YAML, JSON and TypeScript say the same', () => {
  fc.assert(
    fc.property(policies, (policy) => {
      const layer = withoutPositions(definePolicy(policy))
      assert.deepEqual(withoutPositions(parsed(JSON.stringify(policy))), layer)
      assert.deepEqual(withoutPositions(parsed(stringify(policy))), layer)
    }),
    { numRuns: 100 },
  )
})
