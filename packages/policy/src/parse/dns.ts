import { parseAddress, parseDomainName, parseDomainPattern } from '@sallyport/net'
import { REFUSAL_KINDS, type DnsSettings, type RefusalStyle } from '../dns-settings.ts'
import type { DnsInput, OneOrMany } from '../schema/input.ts'
import { quote } from './describe.ts'
import { readPrefix } from './destination-terms.ts'
import { domainProblem } from './domain-problem.ts'
import { nearest } from './nearest.ts'
import type { Path, Report } from './problem.ts'
import { readDuration } from './duration.ts'
import { entries, finding, readEach } from './scope.ts'

/** Record types are checked as spelled: which ones there are, the resolver knows. */
const TYPE = /^[A-Z][A-Z0-9-]{0,15}$/

export function readDns(dns: DnsInput, path: Path, ruleIds: readonly string[], report: Report): DnsSettings {
  const at = (key: string): Path => [...path, key]
  const each = <T>(key: keyof DnsInput, read: (text: string, path: Path) => T | null): readonly T[] | undefined => {
    const value = dns[key] as OneOrMany<string> | undefined
    return value === undefined ? undefined : readEach(value, at(key), read)
  }
  const time = (key: 'addressFloor' | 'addressGrace' | 'newlySeen'): number | undefined =>
    dns[key] === undefined ? undefined : (readDuration(dns[key], at(key), report) ?? undefined)
  for (const rule of Object.keys(dns.errorCodes ?? {})) {
    if (ruleIds.includes(rule)) continue
    const found = quote(rule)
    report(
      finding('undefined-name', [...at('errorCodes'), rule], `${found} is no rule of this policy`, {
        at: 'key',
        found,
        nearest: nearest(rule, ruleIds),
      }),
    )
  }
  const routes = Object.entries(dns.routes ?? {}).flatMap(([text, upstreams]) => {
    const domain = readDomain(text, [...at('routes'), text], 'key', report)
    return domain === null ? [] : [{ domain: domain.name, upstreams: list(upstreams) }]
  })
  return defined({
    refusal: dns.refusal === undefined ? undefined : readRefusal(dns.refusal, at('refusal'), report),
    errorCodes: dns.errorCodes,
    types: each('types', (text, p) => readType(text, p, report)),
    privateNames: each('privateNames', (text, p) => readDomain(text, p, 'value', report)),
    canaries: dns.canaries,
    validate: dns.validate,
    stale: dns.stale,
    clients: each('clients', (text, p) => readPrefix(text, p, report)),
    clientRate: dns.clientRate,
    upstreams: dns.upstreams === undefined ? undefined : list(dns.upstreams),
    strategy: dns.strategy,
    routes: dns.routes === undefined ? undefined : routes,
    addressFloorSeconds: time('addressFloor'),
    addressGraceSeconds: time('addressGrace'),
    tunnels: dns.tunnels,
    tunnelsExcept: each('tunnelsExcept', (text, p) => readDomain(text, p, 'value', report)),
    newlySeenSeconds: time('newlySeen'),
  })
}

function readRefusal(value: OneOrMany<string>, path: Path, report: Report): RefusalStyle | undefined {
  const kind = REFUSAL_KINDS.find((known) => known === value)
  if (kind !== undefined) return { kind }
  const addresses = entries(value, path).flatMap(([text, itemPath]) => {
    const address = parseAddress(text)
    if (address !== null) return [address]
    const found = quote(text)
    report(
      finding('wrong-value', itemPath, `${found} is no kind of refusal`, {
        found,
        allowed: [...REFUSAL_KINDS, 'addresses, such as 192.0.2.7'],
        nearest: nearest(text, REFUSAL_KINDS),
      }),
    )
    return []
  })
  return { kind: 'address', addresses }
}

function readType(text: string, path: Path, report: Report): string | null {
  const upper = text.toUpperCase()
  if (TYPE.test(upper)) return upper
  const found = quote(text)
  report(
    finding('wrong-value', path, `${found} is no record type`, { found, allowed: ['A', 'AAAA', 'HTTPS', 'TYPE65'] }),
  )
  return null
}

function readDomain(
  text: string,
  path: Path,
  at: 'key' | 'value',
  report: Report,
): ReturnType<typeof parseDomainPattern> {
  const pattern = at === 'key' && parseDomainName(text.replace(/^\./, '')) === null ? null : parseDomainPattern(text)
  if (pattern !== null) return pattern
  const problem = domainProblem(text)
  const found = quote(text)
  report(
    finding('bad-domain', path, problem?.message ?? `${found} is not a domain`, {
      at,
      found,
      allowed: problem?.allowed ?? ['example.com'],
      nearest: problem?.nearest ?? null,
    }),
  )
  return null
}

function list(value: OneOrMany<string>): readonly string[] {
  return typeof value === 'string' ? [value] : (value as readonly string[])
}

function defined<Settings extends object>(settings: {
  [Key in keyof Settings]: Settings[Key] | undefined
}): Settings {
  return Object.fromEntries(Object.entries(settings).filter(([, value]) => value !== undefined)) as Settings
}
