import type { FeedSource, Layer } from '../policy.ts'
import type { PolicyInput, PolicyTestInput, RuleInput, ScheduleInput } from '../schema/input.ts'
import { PolicySchema } from '../schema/policy-schema.ts'
import { DefinedSets } from './defined-sets.ts'
import { destinationReader } from './destination-terms.ts'
import { readDns } from './dns.ts'
import { checkFeed } from './feeds.ts'
import { quicDenied } from './quic-denied.ts'
import { issueFindings } from './issue-findings.ts'
import { readPolicyTest } from './policy-test.ts'
import { postureAlternatives } from './posture-conditions.ts'
import type { KnownNames } from './known-names.ts'
import type { Finding, Path } from './problem.ts'
import { checkUniqueIds, readRule, type Definitions } from './rule.ts'
import { checkZone, readSchedule } from './schedules.ts'
import { checkDefinedName, type Scope } from './scope.ts'
import { subjectReader, type Postures } from './subject-terms.ts'

type LayerSource = Pick<Scope, 'positionOf' | 'report' | 'warn'> & {
  readonly file: string
  readonly known?: KnownNames
}

/** The layer that a plain value describes. What is wrong is reported, and then the result is not to be used. */
export function readLayer(value: unknown, source: LayerSource): Layer | null {
  const schema = PolicySchema.safeParse(value)
  const faults = schema.success ? [] : issueFindings(schema.error.issues, value)
  faults.forEach(source.report)
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return null
  const input = value as PolicyInput
  const sound = soundness(faults)
  const zoneFits = input.zone === undefined || (sound(['zone']) && checkZone(input.zone, ['zone'], source.report))
  const scope: Scope = { ...source, sound, zone: zoneFits ? (input.zone ?? 'UTC') : 'UTC' }
  const mode = input.mode ?? 'enforce'
  const definitions = readDefinitions(input, scope, source.known)
  const rules = objects<RuleInput>(input.rules)
  checkUniqueIds(
    rules.map(([rule]) => rule),
    scope,
  )
  const feeds = members<FeedSource>(input.feeds, ['feeds'], scope)
  feeds.forEach(([, feed, path]) => checkFeed(feed, path, scope.report))
  const name = input.name ?? layerName(source.file)
  const quic = input.quic === 'deny' ? [quicDenied(name, mode, scope.positionOf(['quic']))] : []
  return {
    name,
    mode,
    default: input.default ?? 'deny',
    rules: [...quic, ...rules.map(([rule, index]) => readRule(rule, ['rules', index], mode, definitions, scope))],
    tests: objects<PolicyTestInput>(input.tests).flatMap(
      ([test, index]) => readPolicyTest(test, ['tests', index], scope) ?? [],
    ),
    file: source.file,
    ...(isObject(input.dns) && sound(['dns']) ? { dns: readDns(input.dns!, ['dns'], idsOf(rules), scope.report) } : {}),
    ...(feeds.length === 0 ? {} : { feeds: Object.fromEntries(feeds.map(([name, feed]) => [name, { ...feed }])) }),
  }
}

function readDefinitions(input: PolicyInput, scope: Scope, known: KnownNames | undefined): Definitions {
  const { report, warn, zone } = scope
  const define = scope.sound(['define']) || isObject(input.define) ? (input.define ?? {}) : {}
  const postures: Postures = new Map(
    members(define.postures, ['define', 'postures'], scope).map(([name, posture, path]) => [
      name,
      postureAlternatives(posture, path, report, warn),
    ]),
  )
  const schedules = new Map(
    members<ScheduleInput>(define.schedules, ['define', 'schedules'], scope).map(([name, schedule, path]) => [
      name,
      readSchedule(schedule, path, zone, report),
    ]),
  )
  const sets = <T>(record: T | undefined): T | {} => (isObject(record) ? record! : {})
  return {
    schedules,
    destinations: new DefinedSets(
      sets(define.destinations),
      ['define', 'destinations'],
      destinationReader(report, warn, known),
      scope,
    ),
    subjects: new DefinedSets(
      sets(define.subjects),
      ['define', 'subjects'],
      subjectReader(postures, report, warn),
      scope,
    ),
  }
}

/** A rule whose id is missing or no text was reported for that, and is still among the rules here. */
function idsOf(rules: readonly (readonly [RuleInput, number])[]): readonly string[] {
  return rules.flatMap(([{ id }]) => (typeof id === 'string' ? [id] : []))
}

function isObject(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function objects<T>(list: readonly T[] | undefined): (readonly [T, number])[] {
  if (!Array.isArray(list)) return []
  return (list as readonly T[]).map((item, index) => [item, index] as const).filter(([item]) => isObject(item))
}

function members<T>(
  record: { readonly [name: string]: T } | undefined,
  path: Path,
  scope: Scope,
): (readonly [string, T, Path])[] {
  if (!isObject(record)) return []
  return Object.entries(record ?? {})
    .map(([name, item]) => [name, item, [...path, name]] as const)
    .filter(([name, , itemPath]) => checkDefinedName(name, itemPath, scope.report) && scope.sound(itemPath))
}

/** Unknown and missing keys leave the values of the other keys usable; anything else spoils what is above it. */
function soundness(faults: readonly Finding[]): (path: Path) => boolean {
  const spoilt = new Set<string>()
  for (const { code, path } of faults) {
    if (code === 'unknown-key') continue
    for (let length = path.length; length >= 0; length--) spoilt.add(JSON.stringify(path.slice(0, length)))
  }
  return (path) => !spoilt.has(JSON.stringify(path))
}

function layerName(file: string): string {
  const base = file.slice(Math.max(file.lastIndexOf('/'), file.lastIndexOf('\\')) + 1)
  return base.replace(/\.(ya?ml|json)$/i, '') || 'policy'
}
