import type { Flow } from '../flow.ts'
import { NO_FACTS, NO_HTTP } from '../no-facts.ts'
import type { PolicyTest } from '../policy.ts'
import type { PolicyTestInput } from '../schema/input.ts'
import { readFlow, readTime } from './flow.ts'
import type { Path } from './problem.ts'
import type { Scope } from './scope.ts'
import { parseTarget, type TargetFacts } from './target.ts'

export function readPolicyTest(test: PolicyTestInput, path: Path, scope: Scope): PolicyTest | null {
  const at = (key: string): Path => [...path, key]
  if (!['from', 'to', 'expect', 'rule', 'time'].every((key) => scope.sound(at(key)))) return null
  const { from = {}, to, expect, rule, time } = test
  const facts = readFlow(from, at('from'), scope.report)
  const target = to === undefined ? {} : readTarget(to, at('to'), scope)
  const named = { ...target, ...facts }
  // A domain without bound names counts as bound.
  const bound = named.domain && named.boundNames === undefined ? { boundNames: [named.domain] } : {}
  const http = named.http ? { http: { ...NO_HTTP, ...named.http } } : {}
  const instant = time === undefined ? null : readTime(time, at('time'), scope.report)
  // The time is that of the test run when it is not given.
  const flow: Flow = { ...NO_FACTS, ...named, ...bound, ...http, ...(instant === null ? {} : { time: instant }) }
  return { flow, expect, rule: rule ?? null, position: scope.positionOf(path) }
}

function readTarget(text: string, path: Path, scope: Scope): TargetFacts {
  const target = parseTarget(text)
  if (!(target instanceof Array)) return target
  for (const problem of target) scope.report({ ...problem, path })
  return {}
}
