import { formatDomainPattern, formatPrefix, parseDomainPattern } from '@sallyport/net'
import { getPublicSuffix } from 'tldts'
import { prefixOfText } from '../../feeds/formats/destination-of-text.ts'
import { PRIVATE_RANGES } from '../../subscriptions/private-ranges.ts'
import { prefixCovers } from '@sallyport/net'
import type { VendorService } from './vendor-services.ts'
import { VENDORS } from './vendors.ts'

/** What a vendor's document says, checked; and the entries that were left out, each with its reason. */
export type ImportedServices = {
  readonly services: Readonly<Record<string, VendorService>>
  readonly leftOut: readonly { readonly service: string; readonly entry: string; readonly reason: string }[]
}

const SUFFIXES = { allowPrivateDomains: true, validateHostname: false } as const
const SHOWN = 1000

export function importVendor(vendor: string, document: string): ImportedServices | { readonly invalid: string } {
  const read = Object.hasOwn(VENDORS, vendor) ? VENDORS[vendor]!.read(document) : null
  if (read === null) return { invalid: `not the document that ${VENDORS[vendor]?.title ?? vendor} should be` }
  const leftOut: { service: string; entry: string; reason: string }[] = []
  const services: Record<string, VendorService> = {}
  let entries = 0
  for (const [service, { domains, prefixes, ports }] of read) {
    const kept = <T>(all: readonly string[], check: (entry: string) => T | { readonly reason: string }): readonly T[] =>
      all.flatMap((entry) => {
        const checked = check(entry)
        if (typeof checked !== 'object' || checked === null || !('reason' in checked)) return [checked as T]
        if (leftOut.length < SHOWN) leftOut.push({ service, entry: entry.slice(0, 120), reason: checked.reason })
        return []
      })
    services[service] = { domains: kept(domains, checkDomain), prefixes: kept(prefixes, checkPrefix), ports }
    entries += services[service].domains.length + services[service].prefixes.length
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

function checkPrefix(text: string): string | { readonly reason: string } {
  const prefix = prefixOfText(text)
  if (prefix === null) return { reason: 'no prefix' }
  const isPrivate = PRIVATE_RANGES.some(({ range }) => prefixCovers(range, prefix) || prefixCovers(prefix, range))
  return isPrivate ? { reason: 'a private or reserved range' } : formatPrefix(prefix)
}
