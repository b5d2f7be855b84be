import { isPrefix, parsePrefix, type Prefix } from '@sallyport/net'

/** Ranges that no list of the internet can mean (IANA special-purpose registries, RFC 6890). */
export const PRIVATE_RANGES: readonly { readonly range: Prefix; readonly title: string }[] = [
  ['0.0.0.0/8', 'this network (RFC 791)'],
  ['10.0.0.0/8', 'the private range 10.0.0.0/8 (RFC 1918)'],
  ['100.64.0.0/10', 'the shared range 100.64.0.0/10 (RFC 6598)'],
  ['127.0.0.0/8', 'loopback (RFC 1122)'],
  ['169.254.0.0/16', 'link-local addresses (RFC 3927)'],
  ['172.16.0.0/12', 'the private range 172.16.0.0/12 (RFC 1918)'],
  ['192.168.0.0/16', 'the private range 192.168.0.0/16 (RFC 1918)'],
  ['224.0.0.0/4', 'multicast (RFC 5771)'],
  ['240.0.0.0/4', 'the reserved range 240.0.0.0/4 (RFC 1112)'],
  ['::/127', 'loopback and the unspecified address (RFC 4291)'],
  ['fc00::/7', 'unique local addresses (RFC 4193)'],
  ['fe80::/10', 'link-local addresses (RFC 4291)'],
  ['ff00::/8', 'multicast (RFC 4291)'],
].map(([text, title]) => ({ range: prefixOf(text!), title: title! }))

function prefixOf(text: string): Prefix {
  const prefix = parsePrefix(text)
  if (!isPrefix(prefix)) throw new TypeError(`${text} is no prefix`)
  return prefix
}
