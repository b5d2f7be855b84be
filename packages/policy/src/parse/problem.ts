/** What can be wrong with a policy or a flow; every member is documented in docs/reference/errors.md. */
export const PROBLEM_CODES = [
  'too-large',
  'not-text',
  'empty',
  'syntax',
  'too-deep',
  'too-many-aliases',
  'duplicate-key',
  'unknown-key',
  'missing-key',
  'wrong-type',
  'wrong-value',
  'out-of-range',
  'empty-list',
  'undefined-name',
  'cyclic-definition',
  'duplicate-id',
  'bad-name',
  'bad-address',
  'bad-prefix',
  'bad-domain',
  'bad-port',
  'bad-app',
  'bad-posture',
  'bad-schedule',
  'bad-zone',
  'bad-date',
  'bad-limit',
  'bad-feed',
  'bad-target',
  'conflict',
] as const
export type ProblemCode = (typeof PROBLEM_CODES)[number]

export type Path = readonly (string | number)[]

/** A problem before it is known where in a file it stands. */
export type Finding = {
  readonly code: ProblemCode
  readonly message: string
  readonly path: Path
  /** What to point at: the value at the path, or the key that holds it. */
  readonly at?: 'key' | 'value'
  readonly found: string
  readonly allowed: readonly string[]
  readonly nearest: string | null
}

/** A problem of a flow: its path leads to the fact. */
export type FlowProblem = Finding

/** `line` and `column` are 1-based, and 0 when the policy was not read from text. */
export type Problem = {
  readonly code: ProblemCode
  readonly message: string
  readonly file: string
  readonly line: number
  readonly column: number
  readonly path: Path
  readonly found: string
  readonly allowed: readonly string[]
  readonly nearest: string | null
}

export type ParseResult<T> =
  | { readonly ok: true; readonly value: T; readonly warnings?: readonly Problem[] }
  | { readonly ok: false; readonly problems: readonly Problem[] }

/** A finding that is costly to describe is given as a function, which is not called once enough is reported. */
export type Report = (finding: Finding | (() => Finding)) => void

/** A report into a list, with `write` turning findings into what the list holds. */
export function reportInto<T>(list: T[], write: (finding: Finding) => T): Report {
  return (finding) => {
    if (list.length < MAX_PROBLEMS) list.push(write(typeof finding === 'function' ? finding() : finding))
  }
}

/** More than these help no one. */
export const MAX_PROBLEMS = 100
