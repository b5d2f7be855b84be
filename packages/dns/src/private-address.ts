import { parsePrefix, prefixContains, type Address, type Prefix } from '@sallyport/net'

/** Addresses that a public name has no business to lead to (IANA special-purpose registries, RFC 6890). */
const PRIVATE: readonly Prefix[] = [
  '0.0.0.0/8',
  '10.0.0.0/8',
  '100.64.0.0/10',
  '127.0.0.0/8',
  '169.254.0.0/16',
  '172.16.0.0/12',
  '192.168.0.0/16',
  '::/128',
  '::1/128',
  'fc00::/7',
  'fe80::/10',
].map((text) => parsePrefix(text) as Prefix)

/** Loopback, link-local, shared or private; IPv4-mapped and NAT64 forms are the IPv4 address already. */
export function isPrivateAddress(address: Address): boolean {
  return PRIVATE.some((prefix) => prefixContains(prefix, address))
}
