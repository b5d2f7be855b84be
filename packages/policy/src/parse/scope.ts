import type { Position } from '../policy.ts'
import type { OneOrMany } from '../schema/input.ts'
import { quote } from './describe.ts'
import { nearest } from './nearest.ts'
import type { Finding, Path, ProblemCode, Report } from './problem.ts'

/** What the parts of a policy need while they are read. */
export type Scope = {
  readonly report: Report
  readonly warn: Report
  /** Zone of dates and schedules that name none. */
  readonly zone: string
  readonly positionOf: (path: Path) => Position
  /** Whether the schema found nothing wrong at the path or below it. */
  readonly sound: (path: Path) => boolean
}

type Details = Partial<Pick<Finding, 'at' | 'found' | 'allowed' | 'nearest'>>

export function finding(code: ProblemCode, path: Path, message: string, details: Details = {}): Finding {
  return { code, path, message, found: '', allowed: [], nearest: null, ...details }
}

/** The entries of a value that may be one or a list, each with its path. */
export function entries<T>(value: OneOrMany<T>, path: Path): readonly (readonly [T, Path])[] {
  if (!Array.isArray(value)) return [[value as T, path]]
  return (value as readonly T[]).map((item, index) => [item, [...path, index]] as const)
}

/** The entries that could be read. */
export function readEach<T, R>(value: OneOrMany<T>, path: Path, read: (item: T, path: Path) => R | null): R[] {
  return entries(value, path).flatMap(([item, itemPath]) => {
    const result = read(item, itemPath)
    return result === null ? [] : [result]
  })
}

/** Ids and names: what a log, a URL or a shell takes without quoting. */
const ID = /^[A-Za-z0-9][A-Za-z0-9._:-]{0,127}$/
/** Names of defined sets have no dot and begin with a letter: none can be mistaken for a domain or an address. */
const DEFINED = /^[A-Za-z][A-Za-z0-9_-]{0,63}$/

export function checkId(id: string, path: Path, what: string, report: Report): void {
  if (ID.test(id)) return
  const allowed = ['letters, digits and . _ : -, at most 128, beginning with a letter or digit']
  report(finding('bad-name', path, `${quote(id)} is not ${what}`, { found: quote(id), allowed, nearest: slug(id, ID) }))
}

export function checkDefinedName(name: string, path: Path, report: Report): boolean {
  if (DEFINED.test(name)) return true
  const allowed = ['letters, digits, _ and -, at most 64, beginning with a letter']
  const message = `${quote(name)} cannot be the name of a definition`
  report(finding('bad-name', path, message, { at: 'key', found: quote(name), allowed, nearest: slug(name, DEFINED) }))
  return false
}

function slug(text: string, pattern: RegExp): string | null {
  const candidate = text
    .trim()
    .replace(/[^A-Za-z0-9_-]+/g, '-')
    .replace(/^[^A-Za-z]+|-+$/g, '')
  return pattern.test(candidate) ? candidate : null
}

export function undefinedName(kind: string, name: string, path: Path, names: Iterable<string>, report: Report): null {
  report(() => {
    const known = [...names]
    const allowed = known.length === 0 ? [`a name defined under define.${kind}; there is none`] : known.slice(0, 20)
    if (known.length > 20) allowed.push(`… (${known.length} names under define.${kind})`)
    const found = quote(name)
    return finding('undefined-name', path, `undefined name ${found}`, { found, allowed, nearest: nearest(name, known) })
  })
  return null
}
