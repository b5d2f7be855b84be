import type { RuleInput } from '../schema/input.ts'
import { quote } from './describe.ts'
import type { Path, Report } from './problem.ts'
import { finding } from './scope.ts'

/** Fields that say where a message ends, where it goes or who asks the proxy: not a policy's to set (RFC 9110 §7.6.1, RFC 9112 §6). */
const KEPT_BY_THE_PROXY: ReadonlySet<string> = new Set(
  `connection content-length expect host keep-alive proxy-authenticate proxy-authorization proxy-connection te trailer
   transfer-encoding upgrade via http2-settings`.split(/\s+/),
)
const TOKEN = /^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}$/
/** Visible ASCII and spaces within: a line end would begin another field. */
const VALUE = /^[\x21-\x7e](?:[\x20-\x7e]{0,4094}[\x21-\x7e])?$/

/** Headers that a rule sets, as they are spelled. */
export function readHeaders(
  headers: NonNullable<RuleInput['headers']>,
  path: Path,
  report: Report,
): Readonly<Record<string, string>> | null {
  const seen = new Set<string>()
  const good = Object.entries(headers).filter(([name, value]) => {
    const problem = nameProblem(name, seen) ?? valueProblem(value)
    seen.add(name.toLowerCase())
    if (problem === null) return true
    report(
      finding('wrong-value', [...path, name], problem, { found: quote(name), allowed: ['Name: a value in ASCII'] }),
    )
    return false
  })
  if (Object.keys(headers).length === 0) {
    report(finding('empty-list', path, 'headers without a header', { allowed: ['Name: value'] }))
  }
  return good.length === 0 ? null : Object.fromEntries(good)
}

function nameProblem(name: string, seen: ReadonlySet<string>): string | null {
  if (!TOKEN.test(name)) return `${quote(name)} is not the name of a header`
  if (KEPT_BY_THE_PROXY.has(name.toLowerCase())) return `${name} is the proxy's own to set`
  return seen.has(name.toLowerCase()) ? `${name} is there twice` : null
}

function valueProblem(value: string): string | null {
  return VALUE.test(value) ? null : `${quote(value.slice(0, 40))} is not the value of a header`
}
