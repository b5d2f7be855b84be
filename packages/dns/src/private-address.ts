import { addressScope, type Address, type AddressScope } from '@sallyport/net'

/** Scopes that a public name has no business to lead to. */
const NOT_FOR_PUBLIC_NAMES: ReadonlySet<AddressScope> = new Set(['unspecified', 'loopback', 'link-local', 'private'])

/** Loopback, link-local, shared or private; IPv4-mapped and NAT64 forms are the IPv4 address already. */
export function isPrivateAddress(address: Address): boolean {
  return NOT_FOR_PUBLIC_NAMES.has(addressScope(address))
}
