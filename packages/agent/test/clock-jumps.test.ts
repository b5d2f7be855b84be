import assert from 'node:assert/strict'
import { test } from 'node:test'
import { compilePolicy, type CompiledRules } from '@sallyport/compile'
import type { Enforcement, KernelGeneration } from '@sallyport/kernel'
import { parseAddress } from '@sallyport/net'
import { definePolicy, EMPTY_WORLD } from '@sallyport/policy'
import { BoundNames } from '../src/run/bound-names.ts'
import { HostReader } from '../src/host/host-reader.ts'
import { PolicyInForce } from '../src/run/policy-in-force.ts'

const HOST = { device: null, tags: null, posture: null, users: [], apps: [], units: [] }
const SECOND = 1000
const at = (text: string): number => Date.parse(text)

test('rules with a schedule or an end follow the time of day within a second, whichever way it jumps', (t) => {
  let nowMs = at('2026-11-30T12:00:00Z')
  t.mock.timers.enable({ apis: ['setInterval'] })
  t.mock.method(Date, 'now', () => nowMs)
  const layer = definePolicy({
    sallyport: 1,
    rules: [
      { id: 'work', action: 'allow', to: ['192.0.2.1'], when: { days: 'mon-fri', hours: '08:00-18:00' } },
      { id: 'exception', action: 'allow', to: ['192.0.2.2'], until: '2026-12-31' },
    ],
  })
  const policy = { layers: [layer] }
  let rules: CompiledRules | null = null
  let closed = 0
  const kernel = {
    generation: 0,
    apply: (generation: KernelGeneration & { readonly rules: CompiledRules }) => (rules = generation.rules),
    closeDenied: () => closed++,
  } as unknown as Enforcement
  const compiled = compilePolicy(policy, EMPTY_WORLD, { atMs: Date.now() })
  using _following = new PolicyInForce(compiled, HOST, new BoundNames()).enforceWith(kernel, new HostReader('/'))
  /** What may be reached a second after the clock was set. */
  const allowedAt = (text: string): readonly (string | null)[] => {
    nowMs = at(text)
    t.mock.timers.tick(SECOND)
    return ['192.0.2.1', '192.0.2.2'].map((to) => {
      const verdict = rules!.decide({ dst: parseAddress(to), port: 443, transport: 'tcp' }, 'content')
      return verdict.verdict === 'allow' ? verdict.rule : null
    })
  }
  assert.deepEqual(allowedAt('2026-11-30T12:00:00Z'), ['work', 'exception'])
  assert.deepEqual(allowedAt('2027-06-01T03:00:00Z'), [null, null])
  assert.deepEqual(allowedAt('2026-11-30T12:00:00Z'), ['work', 'exception'])
  assert.deepEqual(allowedAt('2026-11-28T12:00:00Z'), [null, 'exception'])
  assert.deepEqual(allowedAt('1970-01-02T09:00:00Z'), ['work', 'exception'])
  // Connections that a rule no longer allows are closed with it.
  assert.equal(closed, 4)
})
