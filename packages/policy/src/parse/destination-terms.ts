import {
  isPrefix,
  parseAddress,
  parseDomainPattern,
  parsePrefix,
  type DomainPattern,
  type Prefix,
} from '@sallyport/net'
import type { DestinationTerm } from '../policy.ts'
import { CONTINENTS, COUNTRIES } from '../schema/countries.ts'
import type { DestinationTermInput } from '../schema/input.ts'
import type { EntryReader } from './defined-sets.ts'
import { quote } from './describe.ts'
import { domainProblem } from './domain-problem.ts'
import { checkKnown, type KnownNames, type NamedKind } from './known-names.ts'
import { nearest } from './nearest.ts'
import type { Path, Report } from './problem.ts'
import { checkId, finding, readEach, undefinedName } from './scope.ts'

export function destinationReader(
  report: Report,
  warn: Report,
  known: KnownNames = {},
): EntryReader<DestinationTermInput, DestinationTerm> {
  return {
    bare: (text, path, names) => bareDestination(text, path, names, report),
    keyed: (entry, path) => {
      for (const name of [entry.domain ?? []].flat()) {
        if (!name.includes('.'))
          warn(finding('bad-domain', [...path, 'domain'], `${quote(name)} is taken as a name of one label`))
      }
      return readDestination(entry, path, report, known)
    },
  }
}

function bareDestination(text: string, path: Path, names: ReadonlySet<string>, report: Report): DestinationTerm | null {
  if (looksLikeAddress(text)) {
    const prefix = readPrefix(text, path, report)
    return prefix === null ? null : { ip: [prefix] }
  }
  if (/^[A-Za-z0-9_-]+$/.test(text)) return undefinedName('destinations', text, path, names, report)
  const pattern = readDomain(text, path, report)
  return pattern === null ? null : { domain: [pattern] }
}

function looksLikeAddress(text: string): boolean {
  const beforeSlash = text.split('/', 1)[0]!
  return (
    parseAddress(beforeSlash) !== null ||
    /^[0-9.]+(\/\d*)?$/.test(text) ||
    /^\[?[0-9a-fA-F]*:[0-9a-fA-F:.]*\]?(\/\d*)?$/.test(text)
  )
}

export function readDestination(
  entry: DestinationTermInput,
  path: Path,
  report: Report,
  known: KnownNames = {},
): DestinationTerm | null {
  const { domain, ip, country, continent, asn, service, feed, category } = entry
  const at = (key: string): Path => [...path, key]
  const name = (kind: NamedKind) => (text: string, namePath: Path) => {
    checkId(text, namePath, `the name of a ${kind}`, report)
    checkKnown(kind, text, namePath, known, report)
    return text
  }
  const term: DestinationTerm = {
    ...(domain === undefined
      ? {}
      : { domain: readEach(domain, at('domain'), (text, p) => readDomain(text, p, report)) }),
    ...(ip === undefined ? {} : { ip: readEach(ip, at('ip'), (text, p) => readPrefix(text, p, report)) }),
    ...(country === undefined
      ? {}
      : { country: readEach(country, at('country'), (text, p) => readCountry(text, p, report)) }),
    ...(continent === undefined
      ? {}
      : { continent: readEach(continent, at('continent'), (text, p) => readContinent(text, p, report)) }),
    ...(asn === undefined ? {} : { asn: [asn].flat() }),
    ...(service === undefined ? {} : { service: readEach(service, at('service'), name('service')) }),
    ...(feed === undefined ? {} : { feed: readEach(feed, at('feed'), name('feed')) }),
    ...(category === undefined ? {} : { category: readEach(category, at('category'), name('category')) }),
  }
  if (Object.keys(term).length > 0) return term
  if (Object.values(entry).some((value) => value !== undefined)) return null
  report(
    finding('empty-list', path, 'a destination without keys would match everything', { allowed: ['leaving `to` out'] }),
  )
  return null
}

export function readPrefix(text: string, path: Path, report: Report): Prefix | null {
  const prefix = parsePrefix(text)
  if (isPrefix(prefix)) return prefix
  const found = quote(text)
  switch (prefix.problem) {
    case 'host-bits':
      report(
        finding('bad-prefix', path, `${found} has bits set after its length`, {
          found,
          nearest: prefix.correct ?? null,
        }),
      )
      break
    case 'bad-length': {
      const allowed = [text.includes(':') ? 'a length from 0 to 128' : 'a length from 0 to 32']
      report(finding('bad-prefix', path, `${found} has no valid length`, { found, allowed }))
      break
    }
    case 'part-of-teredo':
      report(
        finding('bad-prefix', path, `${found} is a part of the Teredo addresses that says nothing of a client`, {
          found,
          allowed: ['2001::/32', 'one address'],
        }),
      )
      break
    case 'not-an-address':
      report(
        finding('bad-address', path, `${found} is not an address or prefix`, {
          found,
          allowed: ['192.0.2.1', '192.0.2.0/24', '2001:db8::/32'],
        }),
      )
  }
  return null
}

export function readDomain(text: string, path: Path, report: Report): DomainPattern | null {
  const problem = domainProblem(text)
  const pattern = parseDomainPattern(text)
  if (problem === null && pattern !== null) return pattern
  const allowed = problem?.allowed ?? ['example.com (that name)', '*.example.com (below it)', '.example.com (both)']
  report(
    finding('bad-domain', path, problem?.message ?? `${quote(text)} is not a domain`, {
      found: quote(text),
      allowed,
      nearest: problem?.nearest ?? null,
    }),
  )
  return null
}

function readCountry(text: string, path: Path, report: Report): string | null {
  if (COUNTRIES.has(text)) return text
  const near = COUNTRIES.has(text.toUpperCase()) ? text.toUpperCase() : text.toUpperCase() === 'UK' ? 'GB' : null
  const allowed = ['an ISO 3166-1 alpha-2 code in upper case']
  report(
    finding('wrong-value', path, `${quote(text)} is not a country`, { found: quote(text), allowed, nearest: near }),
  )
  return null
}

function readContinent(text: string, path: Path, report: Report): string | null {
  if (CONTINENTS.includes(text)) return text
  const near = nearest(text, CONTINENTS)
  report(
    finding('wrong-value', path, `${quote(text)} is not a continent`, {
      found: quote(text),
      allowed: CONTINENTS,
      nearest: near,
    }),
  )
  return null
}
