import type { DomainName } from './domain-name.ts'

/** Names that only this network gives: RFC 6761, RFC 6762, RFC 8375, `.internal`, and those without a dot. */
export function isLocalName(name: DomainName): boolean {
  return /(^|\.)(internal|local|localhost|test|home\.arpa)$/.test(name) || !name.includes('.')
}
