import type { PostureCondition, PostureValue } from '../policy.ts'
import type { PostureInput } from '../schema/input.ts'
import { describe, quote } from './describe.ts'
import { nearest } from './nearest.ts'
import type { Path, Report } from './problem.ts'
import { entries, finding } from './scope.ts'

const FLAGS = [
  'managed',
  'diskEncrypted',
  'firewallOn',
  'screenLock',
  'secureBoot',
  'edrRunning',
  'antivirusOn',
  'jailbroken',
]
const KNOWN = [
  ...FLAGS,
  'osName',
  'osVersion',
  'osVersionAtLeast',
  'osUpdatedDaysAgo',
  'osUpdatedWithinDays',
  'lastSeenDaysAgo',
  'lastSeenWithinDays',
]
const MAX_ALTERNATIVES = 64
const FACT = /^[A-Za-z][A-Za-z0-9_.-]*$/

/** A list under a condition is alternatives; the result is the alternatives of the whole, each a list that must all hold. */
export function postureAlternatives(
  posture: PostureInput,
  path: Path,
  report: Report,
  warn: Report,
): readonly (readonly PostureCondition[])[] {
  let alternatives: readonly (readonly PostureCondition[])[] = [[]]
  for (const [key, values] of Object.entries(posture)) {
    const keyPath = [...path, key]
    checkFact(key, keyPath, report, warn)
    const conditions = entries(values, keyPath).flatMap(([value, valuePath]) =>
      condition(key, value, valuePath, report),
    )
    if (alternatives.length * conditions.length > MAX_ALTERNATIVES) {
      const allowed = [`at most ${MAX_ALTERNATIVES} combinations`]
      report(
        finding('bad-posture', keyPath, 'the lists of this posture have too many combinations', { at: 'key', allowed }),
      )
      return alternatives
    }
    alternatives = alternatives.flatMap((held) => conditions.map((next) => [...held, next]))
  }
  if (Object.keys(posture).length === 0) {
    report(
      finding('bad-posture', path, 'a posture without conditions', {
        allowed: ['conditions such as diskEncrypted: true'],
      }),
    )
  }
  return alternatives
}

function condition(key: string, value: PostureValue, path: Path, report: Report): PostureCondition[] {
  const within = /^(.+)WithinDays$/.exec(key)
  const wrong = (allowed: string): [] => {
    report(
      finding('bad-posture', path, `${key} cannot be ${describe(value)}`, {
        found: describe(value),
        allowed: [allowed],
      }),
    )
    return []
  }
  if (within !== null) {
    if (typeof value !== 'number' || !(value >= 0)) return wrong('a number of days')
    return [{ kind: 'at-most', fact: `${within[1]!}DaysAgo`, limit: value }]
  }
  if (key === 'osVersionAtLeast') {
    if (typeof value === 'string' && /^\d+(\.\d+)*$/.test(value))
      return [{ kind: 'version-at-least', fact: 'osVersion', version: value }]
    return wrong(`a version in quotes: "${typeof value === 'number' ? value : '12.3'}"`)
  }
  if (FLAGS.includes(key) && typeof value !== 'boolean') return wrong('true or false')
  if ((key === 'osName' || key === 'osVersion') && typeof value !== 'string') {
    return wrong(`text in quotes: "${String(value)}"`)
  }
  if (typeof value === 'number' && !Number.isFinite(value)) return wrong('a finite number')
  return [{ kind: 'equals', fact: key, value }]
}

function checkFact(key: string, path: Path, report: Report, warn: Report): void {
  if (!FACT.test(key)) {
    const allowed = ['letters, digits and . _ -, beginning with a letter']
    report(
      finding('bad-name', path, `${quote(key)} is not the name of a posture fact`, {
        at: 'key',
        found: quote(key),
        allowed,
      }),
    )
  } else if (!KNOWN.includes(key)) {
    // A provider may add facts, so an unknown one is not wrong; one letter off a known one probably is.
    const near = nearest(key, KNOWN)
    if (near !== null)
      warn(
        finding('bad-posture', path, `${quote(key)} is no fact that Sallyport collects itself`, {
          at: 'key',
          found: quote(key),
          nearest: near,
        }),
      )
  }
}
