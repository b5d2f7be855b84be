import { prefixContains } from '@sallyport/net'
import type { Flow } from '../flow.ts'
import type { AppPattern, PostureCondition, SubjectTerm } from '../policy.ts'
import { matchGlob } from './glob.ts'
import { and, holds, or, type Ternary } from './ternary.ts'

type Key = keyof SubjectTerm
type Matchers = { readonly [K in Key]-?: (alternatives: NonNullable<SubjectTerm[K]>, flow: Flow) => Ternary }

/** One matcher a key, so that a key added to the language does not compile until it has a meaning. */
const SUBJECT_MATCHERS: Matchers = {
  user: (names, flow) => holds(flow.user, (user) => names.includes(user)),
  group: (names, flow) => holds(flow.groups, (groups) => groups.some((group) => names.includes(group))),
  app: (patterns, flow) => or(patterns.map((pattern) => matchApp(pattern, flow))),
  unit: (globs, flow) => holds(flow.unit, (unit) => globs.some((glob) => matchGlob(glob, unit))),
  container: (globs, flow) => holds(flow.container, (container) => globs.some((glob) => matchGlob(glob, container))),
  device: (names, flow) => holds(flow.device, (device) => names.includes(device)),
  tag: (names, flow) => holds(flow.tags, (tags) => tags.some((tag) => names.includes(tag))),
  posture: (alternatives, flow) =>
    or(alternatives.map((conditions) => and(conditions.map((condition) => matchPosture(condition, flow))))),
  network: (prefixes, flow) => holds(flow.src, (src) => prefixes.some((prefix) => prefixContains(prefix, src))),
}

export function matchSubjectTerm(term: SubjectTerm, flow: Flow): Ternary {
  return and((Object.keys(term) as Key[]).map((key) => matchSubjectKey(term, key, flow)))
}

export function matchSubjectKey<K extends Key>(term: SubjectTerm, key: K, flow: Flow): Ternary {
  const alternatives = term[key]
  const match: Matchers[K] = SUBJECT_MATCHERS[key]
  return alternatives === undefined ? 'yes' : match(alternatives as never, flow)
}

function matchApp(pattern: AppPattern, flow: Flow): Ternary {
  return pattern.kind === 'path'
    ? holds(flow.app, (app) => matchGlob(pattern.glob, app))
    : holds(flow.appSha256, (hex) => hex === pattern.hex)
}

function matchPosture(condition: PostureCondition, flow: Flow): Ternary {
  return holds(flow.posture, (posture) => {
    const value = Object.hasOwn(posture, condition.fact) ? posture[condition.fact] : null
    if (value === null || value === undefined) return false
    switch (condition.kind) {
      case 'equals':
        return value === condition.value
      case 'at-most':
        return typeof value === 'number' && value <= condition.limit
      case 'version-at-least':
        return typeof value !== 'boolean' && compareVersions(String(value), condition.version) >= 0
    }
  })
}

/** Dotted numbers, missing parts are zero; what is not a number sorts before every number. */
function compareVersions(a: string, b: string): number {
  const parts = (text: string): number[] => text.split('.').map((part) => (/^\d+$/.test(part) ? Number(part) : -1))
  const left = parts(a)
  const right = parts(b)
  for (let i = 0; i < Math.max(left.length, right.length); i++) {
    const difference = (left[i] ?? 0) - (right[i] ?? 0)
    if (difference !== 0) return difference
  }
  return 0
}
