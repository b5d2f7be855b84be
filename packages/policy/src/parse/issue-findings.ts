import type * as z from 'zod'
import type { ClosedObject } from '../schema/closed.ts'
import { describe, quote } from './describe.ts'
import { nearest } from './nearest.ts'
import type { Finding, Path } from './problem.ts'

type Issue = z.core.$ZodIssue

const TYPE_NAMES: { readonly [expected: string]: string } = {
  string: 'text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'a mapping',
  record: 'a mapping',
  null: 'null',
}

/** What zod found wrong with `root`, in the words of the language. */
export function issueFindings(issues: readonly Issue[], root: unknown, base: Path = []): Finding[] {
  return issues.flatMap((issue) => findings(issue, root, [...base, ...(issue.path as Path)]))
}

function findings(issue: Issue, root: unknown, path: Path): Finding[] {
  const value = valueAt(root, path)
  if (issue.code === 'unrecognized_keys') return issue.keys.map((key) => unknownKey(issue, path, key))
  const allowed = expectations(issue)
  if (value === undefined && path.length > 0) {
    const key = String(path.at(-1))
    return [
      {
        code: 'missing-key',
        message: `${quote(key)} is missing`,
        path: path.slice(0, -1),
        found: '',
        allowed,
        nearest: null,
      },
    ]
  }
  const found = describe(value)
  switch (issue.code) {
    case 'invalid_union': {
      const branch = issue.errors.find((errors) => !errors.some((error) => mismatches(error)))
      if (branch !== undefined) return issueFindings(branch, root, path)
      const closest = allowed.length > 0 ? null : issue.errors[0]
      if (closest) return issueFindings(closest, root, path)
      return [wrong(path, value, allowed)]
    }
    case 'too_small':
    case 'too_big': {
      if (Array.isArray(value) || value === '') {
        const message = value === '' ? 'the text is empty' : 'the list is empty, so it would never match'
        const hint = value === '' ? ['text'] : ['at least one entry', 'leaving the key out']
        return [{ code: 'empty-list', message, path, found, allowed: hint, nearest: null }]
      }
      const bound = issue.code === 'too_small' ? `at least ${issue.minimum}` : `at most ${issue.maximum}`
      return [
        {
          code: 'out-of-range',
          message: `${describe(value)} is out of range`,
          path,
          found,
          allowed: [bound],
          nearest: null,
        },
      ]
    }
    default:
      return [wrong(path, value, allowed)]
  }
}

function wrong(path: Path, value: unknown, allowed: readonly string[]): Finding {
  const scalar = value !== null && typeof value !== 'object'
  const known = allowed.filter((word) => !Object.values(TYPE_NAMES).includes(word))
  const isValue = scalar && known.length > 0
  return {
    code: isValue ? 'wrong-value' : 'wrong-type',
    message: isValue
      ? `${describe(value)} is not one of the values allowed here`
      : `${describe(value)} is not allowed here`,
    path,
    found: describe(value),
    allowed,
    nearest: isValue ? nearest(String(value), known) : null,
  }
}

function unknownKey(issue: Issue, path: Path, key: string): Finding {
  const { where, keys } = JSON.parse(issue.message) as ClosedObject
  return {
    code: 'unknown-key',
    message: `unknown key ${quote(key)} in ${where}`,
    path: [...path, key],
    at: 'key',
    found: quote(key),
    allowed: keys,
    nearest: nearest(key, keys),
  }
}

/** A branch of a union that was not meant: the value itself, not something inside it, does not fit. */
function mismatches(issue: Issue): boolean {
  if (issue.path.length > 0) return false
  if (issue.code === 'invalid_union') return issue.errors.every((errors) => errors.some(mismatches))
  return issue.code === 'invalid_type' || issue.code === 'invalid_value'
}

function expectations(issue: Issue): readonly string[] {
  if (issue.code === 'invalid_type') return [TYPE_NAMES[issue.expected] ?? issue.expected]
  if (issue.code === 'invalid_value') return issue.values.map(String)
  if (issue.code !== 'invalid_union') return []
  const own = issue.errors.flat().filter((error) => error.path.length === 0)
  return [...new Set(own.flatMap((error) => expectations(error)))]
}

export function valueAt(root: unknown, path: Path): unknown {
  let value = root
  for (const step of path) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, step)) return undefined
    value = (value as Record<string | number, unknown>)[step]
  }
  return value
}
