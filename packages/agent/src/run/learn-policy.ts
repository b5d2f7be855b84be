import type { FlowGroup } from '@sallyport/flow'
import { isPrefix, parseDomainName, parsePortRange, parsePrefix, type PortRange } from '@sallyport/net'
import type { DestinationTerm, Layer, Rule } from '@sallyport/policy'

/** The least policy that allows what left: every destination with exactly its ports, rules shared where ports are equal. */
export function learnPolicy(groups: readonly FlowGroup[], name: string): Layer {
  const portsOf = new Map<string, Set<string>>()
  for (const { destination, port } of groups) {
    if (port === 'name' || port === 'socket' || port === '?') continue
    const ports = portsOf.get(destination) ?? new Set()
    portsOf.set(destination, ports.add(port))
  }
  const destinationsOf = new Map<string, string[]>()
  for (const [destination, ports] of [...portsOf].toSorted(([a], [b]) => (a < b ? -1 : 1))) {
    const key = [...ports].toSorted().join(' ')
    destinationsOf.set(key, [...(destinationsOf.get(key) ?? []), destination])
  }
  const rules = [...destinationsOf].map(([ports, destinations]) => learnedRule(ports.split(' '), destinations, name))
  return { name, file: name, mode: 'enforce', default: 'deny', rules, tests: [] }
}

function learnedRule(ports: readonly string[], destinations: readonly string[], file: string): Rule {
  const ranges = ports.map(parsePortRange).filter((range): range is PortRange => range !== null)
  return {
    id: `learned-${ports.join('-').replaceAll('/', '-')}`,
    action: 'allow',
    how: 'reject',
    mode: 'enforce',
    from: null,
    to: destinationTerms(destinations),
    exceptFrom: [],
    exceptTo: [],
    ports: ranges,
    protocol: null,
    http: null,
    content: null,
    assurance: 'verified',
    when: null,
    untilMs: null,
    limit: null,
    alert: null,
    log: null,
    inspect: null,
    ticket: null,
    reason: null,
    position: { file, line: 1, column: 1 },
  }
}

function destinationTerms(destinations: readonly string[]): readonly DestinationTerm[] {
  return destinations.flatMap((text): DestinationTerm[] => {
    const name = parseDomainName(text)
    if (name !== null) return [{ domain: [{ kind: 'name', name }] }]
    const prefix = parsePrefix(text)
    return isPrefix(prefix) ? [{ ip: [prefix] }] : []
  })
}
