import {
  isPrefix,
  parseDomainPattern,
  parsePortRange,
  parsePrefix,
  type DomainPattern,
  type Prefix,
} from '@sallyport/net'
import type { NamedSet, PortedSet } from '@sallyport/policy'
import type { Service, ServiceFact } from './service.ts'

/** All names and ranges of a service, and which of them are used on which ports. Every fact of the catalogue parses; a test says so. */
export function serviceSet({ facts }: Service): NamedSet & { readonly domains: readonly DomainPattern[] } {
  const byPorts = Map.groupBy(facts, ({ ports }) => [...ports].sort().join(' '))
  return {
    ...membersOf(facts),
    ...(facts.some(({ ports }) => ports.length > 0) && { byPorts: [...byPorts.values()].map(portedSet) }),
  }
}

function portedSet(facts: readonly ServiceFact[]): PortedSet {
  const { ports } = facts[0]!
  return {
    ...membersOf(facts),
    ports: ports.length === 0 ? null : ports.map(parsePortRange).filter((each) => each !== null),
  }
}

function membersOf(facts: readonly ServiceFact[]): {
  readonly domains: readonly DomainPattern[]
  readonly prefixes: readonly Prefix[]
} {
  const domains = new Set(facts.flatMap((fact) => fact.domains))
  const prefixes = new Set(facts.flatMap((fact) => fact.prefixes))
  return {
    domains: [...domains].map(parseDomainPattern).filter((each) => each !== null),
    prefixes: [...prefixes].map(parsePrefix).filter((each): each is Prefix => isPrefix(each)),
  }
}
