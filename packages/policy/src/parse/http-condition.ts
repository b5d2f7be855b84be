import type { HttpCondition } from '../policy.ts'
import type { HttpInput } from '../schema/input.ts'
import { quote } from './describe.ts'
import { readDomain } from './destination-terms.ts'
import type { Path, Report } from './problem.ts'
import { finding, readEach } from './scope.ts'

export function readHttp(http: HttpInput, path: Path, report: Report): HttpCondition {
  const { host, path: paths, method, contentType } = http
  if (Object.keys(http).length === 0) {
    report(
      finding('empty-list', path, 'http without a condition', { allowed: ['host', 'path', 'method', 'contentType'] }),
    )
  }
  return {
    ...(host === undefined
      ? {}
      : { host: readEach(host, [...path, 'host'], (text, p) => readDomain(text, p, report)) }),
    ...(paths === undefined
      ? {}
      : { path: readEach(paths, [...path, 'path'], (text, p) => readPath(text, p, report)) }),
    ...(method === undefined
      ? {}
      : { method: readEach(method, [...path, 'method'], (text, p) => readMethod(text, p, report)) }),
    ...(contentType === undefined ? {} : { contentType: [contentType].flat() }),
  }
}

function readPath(text: string, path: Path, report: Report): string | null {
  if (/^[/*]/.test(text)) return text
  const message = `${quote(text)} is not a path`
  report(
    finding('wrong-value', path, message, {
      found: quote(text),
      allowed: ['/api/*', '/api/**', '*'],
      nearest: `/${text}`,
    }),
  )
  return null
}

/** RFC 9110 §9.1: methods are case-sensitive; all that are in use are upper case. */
function readMethod(text: string, path: Path, report: Report): string | null {
  if (/^[A-Z][A-Z0-9_-]*$/.test(text)) return text
  const near = /^[A-Za-z]+$/.test(text) ? text.toUpperCase() : null
  const allowed = ['GET', 'POST', 'any method in upper case']
  report(finding('wrong-value', path, `${quote(text)} is not a method`, { found: quote(text), allowed, nearest: near }))
  return null
}
