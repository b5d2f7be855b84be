import type { DestinationTerm, Mode, Rule, Schedule, SubjectTerm } from '../policy.ts'
import type { DestinationTermInput, RuleInput, SubjectTermInput } from '../schema/input.ts'
import type { DefinedSets } from './defined-sets.ts'
import { quote } from './describe.ts'
import { readHttp } from './http-condition.ts'
import { readLimit } from './limits.ts'
import { readPort } from './ports.ts'
import type { Path } from './problem.ts'
import { readSchedule } from './schedules.ts'
import { checkId, finding, readEach, undefinedName, type Scope } from './scope.ts'
import { readHeaders } from './request-headers.ts'
import { readUntil } from './until.ts'

/** What the rules of a layer refer to. */
export type Definitions = {
  readonly destinations: DefinedSets<DestinationTermInput, DestinationTerm>
  readonly subjects: DefinedSets<SubjectTermInput, SubjectTerm>
  readonly schedules: ReadonlyMap<string, Schedule>
}

export function readRule(written: RuleInput, path: Path, mode: Mode, definitions: Definitions, scope: Scope): Rule {
  const { report, zone } = scope
  const at = (key: string): Path => [...path, key]
  const input = soundKeys(written, path, scope)
  const { id, action, how, from, to, except, ports, protocol, http, content, when, until, limit, headers } = input
  if (id !== undefined) checkId(id, at('id'), 'an id', report)
  if (how !== undefined && action !== undefined && action !== 'deny') {
    report(
      finding('conflict', at('how'), '`how` says how a connection is denied; this rule denies none', {
        at: 'key',
        found: `action: ${action}`,
        allowed: ['action: deny', 'leaving `how` out'],
      }),
    )
  }
  if (headers !== undefined && action !== undefined && action !== 'allow') {
    const message = '`headers` are set on requests that the rule allows; this rule allows none'
    report(
      finding('conflict', at('headers'), message, {
        at: 'key',
        found: `action: ${action}`,
        allowed: ['action: allow'],
      }),
    )
  }
  return {
    id: id ?? '',
    action: action ?? 'deny',
    how: how ?? 'reject',
    mode: input.mode ?? mode,
    from: from === undefined ? null : definitions.subjects.terms(from, at('from')),
    to: to === undefined ? null : definitions.destinations.terms(to, at('to')),
    exceptFrom: except?.from === undefined ? [] : definitions.subjects.terms(except.from, [...at('except'), 'from']),
    exceptTo: except?.to === undefined ? [] : definitions.destinations.terms(except.to, [...at('except'), 'to']),
    ports: ports === undefined ? null : readEach(ports, at('ports'), (port, p) => readPort(port, p, report)),
    protocol: protocol === undefined ? null : [protocol].flat(),
    // Who sets a header must have the request: an empty condition holds for any, and asks for it.
    http: http === undefined ? (headers === undefined ? null : {}) : readHttp(http, at('http'), report),
    content: content === undefined ? null : [content.dlp].flat(),
    assurance: input.assurance ?? 'verified',
    when: when === undefined ? null : readWhen(when, at('when'), definitions.schedules, scope),
    untilMs: until === undefined ? null : readUntil(until, at('until'), zone, report),
    limit: limit === undefined ? null : readLimit(limit, at('limit'), report),
    alert: input.alert ?? null,
    log: input.log ?? null,
    inspect: input.inspect ?? null,
    headers: headers === undefined ? null : readHeaders(headers, at('headers'), report),
    ticket: input.ticket === undefined ? null : String(input.ticket),
    reason: input.reason ?? null,
    position: scope.positionOf(path),
  }
}

/** The keys that the schema accepted, so that one wrong key does not hide what is wrong with the others. */
function soundKeys(rule: RuleInput, path: Path, scope: Scope): Partial<RuleInput> {
  return Object.fromEntries(Object.entries(rule).filter(([key]) => scope.sound([...path, key])))
}

function readWhen(
  when: NonNullable<RuleInput['when']>,
  path: Path,
  schedules: ReadonlyMap<string, Schedule>,
  scope: Scope,
): Schedule[] {
  return readEach(when, path, (item, itemPath) => {
    if (typeof item !== 'string') return readSchedule(item, itemPath, scope.zone, scope.report)
    return schedules.get(item) ?? undefinedName('schedules', item, itemPath, schedules.keys(), scope.report)
  })
}

/** Reports ids that an earlier rule already has. */
export function checkUniqueIds(rules: readonly RuleInput[], scope: Scope): void {
  const seen = new Map<string, number>()
  rules.forEach((rule, index) => {
    const id = rule?.id
    if (typeof id !== 'string') return
    const first = seen.get(id)
    if (first === undefined) return void seen.set(id, index)
    const { line } = scope.positionOf(['rules', first])
    const where = line > 0 ? `on line ${line}` : `as rules[${first}]`
    const message = `the rule id ${quote(id)} is already used ${where}`
    scope.report(
      finding('duplicate-id', ['rules', index, 'id'], message, {
        found: quote(id),
        allowed: ['an id that no other rule has'],
      }),
    )
  })
}
