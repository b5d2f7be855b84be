import { formatAddress, isPrefix, parsePrefix, type PortRange } from '@sallyport/net'
import { SallyportError } from '../errors.ts'
import { PLAIN_RULE } from '../plain-rule.ts'
import type { DestinationTerm, Layer, Rule } from '../policy.ts'
import { readDomain, readDestination, readPrefix } from './destination-terms.ts'
import type { KnownNames } from './known-names.ts'
import { readPort } from './ports.ts'
import { reportInto, type FlowProblem, type Report } from './problem.ts'
import { finding } from './scope.ts'
import { parseTarget } from './target.ts'

/** A destination that a person allows on a command line. `ports` is `null` for all ports. */
type AllowedDestination = { readonly term: DestinationTerm; readonly ports: readonly PortRange[] | null }

/** A domain pattern, an address or prefix, `service:NAME`, `country:XX`, `asn:N`, a URL, or any host with a port. */
export function parseAllow(text: string, known: KnownNames = {}): AllowedDestination | FlowProblem[] {
  const problems: FlowProblem[] = []
  const allowed = readAllow(
    text,
    known,
    reportInto(problems, (problem) => ({ ...problem, path: [] })),
  )
  return allowed === null || problems.length > 0 ? problems : allowed
}

function readAllow(text: string, known: KnownNames, report: Report): AllowedDestination | null {
  const keyed = /^(service|country|continent|asn|feed|category):(.+)$/.exec(text)
  if (keyed !== null) return readKeyed(keyed[1]!, keyed[2]!, known, report)
  if (isPrefix(parsePrefix(text)) || /^[0-9.]+\/\d+$|^[0-9a-fA-F:]*::?[0-9a-fA-F:]*\/\d+$/.test(text)) {
    const prefix = readPrefix(text, [], report)
    return prefix === null ? null : { term: { ip: [prefix] }, ports: null }
  }
  const pattern = /^((?:\*\.|\.)[^:/]+):(\d+)$/.exec(text)
  if (pattern !== null) return withPort({ domain: [pattern[1]!] }, pattern[2]!, report)
  if (text.includes('://') || /:\d+$/.test(text)) return readEndpoint(text, report)
  const domain = readDomain(text, [], report)
  return domain === null ? null : { term: { domain: [domain] }, ports: null }
}

function readKeyed(key: string, text: string, known: KnownNames, report: Report): AllowedDestination | null {
  const asn = Number(text.replace(/^AS/i, ''))
  if (key === 'asn' && !(Number.isInteger(asn) && asn >= 0 && asn <= 4294967295)) {
    report(
      finding('bad-target', [], `"${text}" is not the number of an autonomous system`, {
        found: text,
        allowed: ['asn:64500'],
      }),
    )
    return null
  }
  const term = readDestination({ [key]: key === 'asn' ? asn : text }, [], report, known)
  return term === null ? null : { term, ports: null }
}

function readEndpoint(text: string, report: Report): AllowedDestination | null {
  const target = parseTarget(text)
  if (target instanceof Array) {
    target.forEach(report)
    return null
  }
  const { dst, boundNames, port, transport, protocol } = target
  const host = dst ? { ip: [formatAddress(dst)] } : { domain: [...(boundNames ?? [])] }
  // HTTPS moves to QUIC on its own; a port without a transport is both.
  const both = transport === 'tcp' && (protocol === 'tls' || protocol === undefined) && !text.startsWith('tcp/')
  return withPort(host, both ? `${port}` : `${transport}/${port}`, report)
}

function withPort(
  host: { ip: string[] } | { domain: string[] },
  port: string,
  report: Report,
): AllowedDestination | null {
  const term = readDestination(host, [], report)
  const range = readPort(port, [], report)
  return term === null || range === null ? null : { term, ports: [range] }
}

/** The layer of `run --allow …`: what is named may leave, nothing else. */
export function policyFromAllows(texts: readonly string[], known: KnownNames = {}): Layer {
  const rules = texts.map((text, index) => {
    const allowed = parseAllow(text, known)
    if (!(allowed instanceof Array)) return allowRule(allowed, index)
    const { message, nearest } = allowed[0]!
    throw new SallyportError(
      'target-invalid',
      `--allow ${text}: ${message}`,
      nearest === null ? {} : { remedy: `Did you mean ${nearest}?` },
    )
  })
  return { name: 'run', mode: 'enforce', default: 'deny', rules, tests: [], file: '--allow' }
}

function allowRule({ term, ports }: AllowedDestination, index: number): Rule {
  const position = { file: '--allow', line: index + 1, column: 1 }
  return { ...PLAIN_RULE, id: `allow-${index + 1}`, action: 'allow', to: [term], ports, position }
}
