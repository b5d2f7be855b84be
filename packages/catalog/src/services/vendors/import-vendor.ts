import {
  formatDomainPattern,
  formatPrefix,
  isIpv4,
  parseDomainPattern,
  parsePortRange,
  prefixCovers,
} from '@sallyport/net'
import { getPublicSuffix } from 'tldts'
import { prefixOfText } from '../../feeds/formats/destination-of-text.ts'
import { PRIVATE_RANGES } from '../../subscriptions/private-ranges.ts'
import type { VendorService } from './vendor-services.ts'
import { VENDORS } from './vendors.ts'

/** What a vendor's document says, checked; and the entries that were left out, each with its reason. */
export type ImportedServices = {
  readonly services: Readonly<Record<string, readonly VendorService[]>>
  readonly leftOut: readonly { readonly service: string; readonly entry: string; readonly reason: string }[]
}

const SUFFIXES = { allowPrivateDomains: true, validateHostname: false } as const
const SHOWN = 1000
/** Of the largest allocations that one vendor has. */
const LEAST_BITS_IPV4 = 8
const LEAST_BITS_IPV6 = 19

export function importVendor(vendor: string, document: string): ImportedServices | { readonly invalid: string } {
  const read = Object.hasOwn(VENDORS, vendor) ? VENDORS[vendor]!.read(document) : null
  if (read === null) return { invalid: `not the document that ${VENDORS[vendor]?.title ?? vendor} should be` }
  const leftOut: { service: string; entry: string; reason: string }[] = []
  const services: Record<string, readonly VendorService[]> = {}
  let entries = 0
  for (const [service, facts] of read) {
    const kept = <T>(all: readonly string[], check: (entry: string) => T | { readonly reason: string }): readonly T[] =>
      all.flatMap((entry) => {
        const checked = check(entry)
        if (typeof checked !== 'object' || checked === null || !('reason' in checked)) return [checked as T]
        if (leftOut.length < SHOWN) leftOut.push({ service, entry: entry.slice(0, 120), reason: checked.reason })
        return []
      })
    services[service] = facts.flatMap(({ domains, prefixes, ports: stated }) => {
      const ports = kept(stated, checkPort)
      // Without its ports it would hold for all.
      if (ports.length === 0 && stated.length > 0) return []
      const checked = { domains: kept(domains, checkDomain), prefixes: kept(prefixes, checkPrefix), ports }
      const count = checked.domains.length + checked.prefixes.length
      entries += count
      return count === 0 ? [] : [checked]
    })
  }
  return entries === 0 ? { invalid: 'no entry of the document can be used' } : { services, leftOut }
}

/** A vendor's `*.blob.core.windows.net` is everybody's storage: allowed as a service, it would be a way out for all. */
function checkDomain(text: string): string | { readonly reason: string } {
  const pattern = parseDomainPattern(text)
  if (pattern === null) return { reason: 'a wildcard inside a name, or no name' }
  if (pattern.kind !== 'name' && getPublicSuffix(pattern.name, SUFFIXES) === pattern.name) {
    return { reason: 'covers a suffix under which others have names' }
  }
  return formatDomainPattern(pattern)
}

function checkPort(text: string): string | { readonly reason: string } {
  return parsePortRange(text) === null ? { reason: 'no port' } : text
}

function checkPrefix(text: string): string | { readonly reason: string } {
  const prefix = prefixOfText(text)
  if (prefix === null) return { reason: 'no prefix' }
  if (prefix.length < (isIpv4(prefix.address) ? 96 + LEAST_BITS_IPV4 : LEAST_BITS_IPV6)) {
    return { reason: 'wider than what any one vendor has' }
  }
  const isPrivate = PRIVATE_RANGES.some(({ range }) => prefixCovers(range, prefix) || prefixCovers(prefix, range))
  return isPrivate ? { reason: 'a private or reserved range' } : formatPrefix(prefix)
}
