import type { Flow, Http } from '../flow.ts'
import type { PolicyTest } from '../policy.ts'
import type { PolicyTestInput } from '../schema/input.ts'
import { readFlow, readTime } from './flow.ts'
import type { Path } from './problem.ts'
import type { Scope } from './scope.ts'
import { parseTarget, type TargetFacts } from './target.ts'

type FullHttp = { readonly [Key in keyof Http]-?: null }
/** Every fact but the time, which is the time of the test run when it is not given. */
type NoFacts = { readonly [Key in Exclude<keyof Flow, 'time'>]-?: null }

const NO_HTTP: FullHttp = { host: null, path: null, method: null, contentType: null }
const NO_FACTS: NoFacts = {
  device: null,
  tags: null,
  user: null,
  groups: null,
  app: null,
  appSha256: null,
  unit: null,
  container: null,
  posture: null,
  src: null,
  dst: null,
  port: null,
  transport: null,
  domain: null,
  boundNames: null,
  protocol: null,
  http: null,
  country: null,
  asn: null,
  content: null,
  bytesOut: null,
  bytesIn: null,
  packetsOut: null,
  packetsIn: null,
  durationMs: null,
}

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
  const flow: Flow = { ...NO_FACTS, ...named, ...bound, ...http, ...(instant === null ? {} : { time: instant }) }
  return { flow, expect, rule: rule ?? null, position: scope.positionOf(path) }
}

function readTarget(text: string, path: Path, scope: Scope): TargetFacts {
  const target = parseTarget(text)
  if (!(target instanceof Array)) return target
  for (const problem of target) scope.report({ ...problem, path })
  return {}
}
