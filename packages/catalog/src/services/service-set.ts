import { isPrefix, parseDomainPattern, parsePrefix, type DomainPattern, type Prefix } from '@sallyport/net'
import type { NamedSet } from '@sallyport/policy'
import type { Service } from './service.ts'

/** All names and ranges of a service. Every fact of the catalogue parses; a test says so. */
export function serviceSet({ facts }: Service): NamedSet & { readonly domains: readonly DomainPattern[] } {
  const domains = new Set(facts.flatMap((fact) => fact.domains))
  const prefixes = new Set(facts.flatMap((fact) => fact.prefixes))
  return {
    domains: [...domains].map(parseDomainPattern).filter((each) => each !== null),
    prefixes: [...prefixes].map(parsePrefix).filter((each): each is Prefix => isPrefix(each)),
  }
}
