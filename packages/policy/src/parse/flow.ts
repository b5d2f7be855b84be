import { parseAddress, parseDomainName, type Address, type DomainName } from '@sallyport/net'
import type { Flow } from '../flow.ts'
import { FlowSchema } from '../schema/flow-schema.ts'
import type { FlowInput } from '../schema/input.ts'
import { describe, quote } from './describe.ts'
import { issueFindings } from './issue-findings.ts'
import { reportInto, type FlowProblem, type Path, type Report } from './problem.ts'
import { finding } from './scope.ts'
import { parseInstant } from './until.ts'

/** Numbers below this are seconds since 1970, from it on milliseconds: as seconds it is the year 5138. */
const FIRST_MILLISECONDS = 1e11

/** A flow as JSON has it. A missing key stays unknown, `null` stays none. */
export function parseFlow(value: unknown): Flow | FlowProblem[] {
  const problems: FlowProblem[] = []
  const schema = FlowSchema.safeParse(value)
  if (!schema.success) return issueFindings(schema.error.issues, value)
  const flow = readFlow(
    value as FlowInput,
    [],
    reportInto(problems, (problem) => problem),
  )
  return problems.length > 0 ? problems : flow
}

/** Facts that the schema accepted, as a flow. */
export function readFlow(input: FlowInput, path: Path, report: Report): Flow {
  const { dst, domain } = input
  const literal = typeof domain === 'string' ? parseAddress(domain) : null
  if (literal !== null && dst !== undefined) {
    const allowed = ['a domain, or null when the flow has none']
    report(
      finding('bad-domain', [...path, 'domain'], `${quote(domain!)} is an address, and \`dst\` is given`, {
        found: quote(domain!),
        allowed,
      }),
    )
  }
  // One object, written to: flows are read by the million.
  const flow: { [fact: string]: unknown } = {}
  for (const [key, value] of Object.entries(input)) {
    if (value === undefined || (key === 'domain' && literal !== null)) continue
    const read = READERS[key]
    flow[key] = value === null || read === undefined ? value : read(value as never, [...path, key], report)
  }
  return literal === null ? flow : { ...flow, dst: literal, domain: null }
}

type Reader = (value: never, path: Path, report: Report) => unknown

/** Of facts that are more than what JSON has. */
const READERS: Readonly<Record<string, Reader>> = {
  time: readTime,
  src: readAddress,
  dst: readAddress,
  domain: readName,
  boundNames: (names: readonly string[], path: Path, report: Report) =>
    names.flatMap((name, index) => readName(name, [...path, index], report) ?? []),
  country: readCode,
  appSha256: readDigest,
}

export function readTime(value: string | number, path: Path, report: Report): number | null {
  const time = typeof value === 'string' ? parseInstant(value) : value < FIRST_MILLISECONDS ? value * 1000 : value
  if (time !== null && Math.abs(time) <= 8.64e15) return Math.floor(time)
  const allowed = ['2027-03-31T12:00:00Z', 'milliseconds or seconds since 1970']
  report(finding('bad-date', path, `${describe(value)} is not a time`, { found: describe(value), allowed }))
  return null
}

function readAddress(text: string, path: Path, report: Report): Address | null {
  const address = parseAddress(text)
  if (address === null) {
    report(
      finding('bad-address', path, `${quote(text)} is not an address`, {
        found: quote(text),
        allowed: ['192.0.2.1', '2001:db8::1'],
      }),
    )
  }
  return address
}

function readName(text: string, path: Path, report: Report): DomainName | null {
  const name = parseDomainName(text)
  if (name === null) {
    report(
      finding('bad-domain', path, `${quote(text)} is not a domain`, {
        found: quote(text),
        allowed: ['example.com', 'null'],
      }),
    )
  }
  return name
}

function readCode(text: string, path: Path, report: Report): string | null {
  if (/^[A-Z]{2}$/.test(text)) return text
  const near = /^[a-z]{2}$/i.test(text) ? text.toUpperCase() : null
  const allowed = ['an ISO 3166-1 alpha-2 code in upper case']
  report(
    finding('wrong-value', path, `${quote(text)} is not a country`, { found: quote(text), allowed, nearest: near }),
  )
  return null
}

function readDigest(text: string, path: Path, report: Report): string | null {
  if (/^[0-9a-f]{64}$/i.test(text)) return text.toLowerCase()
  report(
    finding('bad-app', path, 'a SHA-256 has 64 hexadecimal digits', {
      found: quote(text),
      allowed: ['64 hexadecimal digits'],
    }),
  )
  return null
}
