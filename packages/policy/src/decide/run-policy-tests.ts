import type { Policy, PolicyTest } from '../policy.ts'
import type { Verdict } from '../verdict.ts'
import type { World } from '../world.ts'
import { decide } from './decide.ts'

export type TestResult = { readonly test: PolicyTest; readonly passed: boolean; readonly verdict: Verdict }

/** The policy's own tests, against the whole policy: all its layers. */
export function runPolicyTests(policy: Policy, world: World, nowMs: number): readonly TestResult[] {
  return policy.layers.flatMap((layer) =>
    layer.tests.map((test) => {
      const verdict = decide(policy, test.flow, world, nowMs)
      const passed = verdict.verdict === test.expect && (test.rule === null || verdict.rule === test.rule)
      return { test, passed, verdict }
    }),
  )
}
