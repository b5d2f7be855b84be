import { type Address } from './address.ts'
import { parsePrefix, prefixContains, type Prefix } from './prefix.ts'

const SCOPES = ['unspecified', 'loopback', 'link-local', 'private', 'multicast', 'reserved', 'public'] as const
/** How far an address reaches; all but `public` are no destinations on the Internet (IANA special-purpose registries). */
export type AddressScope = (typeof SCOPES)[number]

const PREFIXES: readonly (readonly [Exclude<AddressScope, 'public'>, readonly string[]])[] = [
  ['unspecified', ['0.0.0.0/8', '::/128']],
  ['loopback', ['127.0.0.0/8', '::1/128']],
  ['link-local', ['169.254.0.0/16', 'fe80::/10']],
  ['private', ['10.0.0.0/8', '100.64.0.0/10', '172.16.0.0/12', '192.168.0.0/16', 'fc00::/7', 'fec0::/10']],
  ['multicast', ['224.0.0.0/4', 'ff00::/8']],
  [
    'reserved',
    [
      '192.0.0.0/24',
      '198.18.0.0/15',
      '240.0.0.0/4',
      // Where Azure's platform answers every virtual machine.
      '168.63.129.16/32',
      // Forms that carry an IPv4 address to wherever a relay takes it: IPv4-compatible, IPv4-translated (RFC 2765), local NAT64, Teredo, 6to4
      // and its relays.
      '::/96',
      '::ffff:0:0:0/96',
      '192.88.99.0/24',
      '64:ff9b:1::/48',
      '2001::/32',
      '2002::/16',
      '100::/64',
      '100:0:0:1::/64',
      '2001:2::/48',
      '2001:10::/28',
      '5f00::/16',
    ],
  ],
]

const SCOPED: readonly (readonly [AddressScope, Prefix])[] = PREFIXES.flatMap(([scope, texts]) =>
  texts.map((text) => [scope, parsePrefix(text) as Prefix] as const),
)

export function addressScope(address: Address): AddressScope {
  for (const scoped of SCOPED) if (prefixContains(scoped[1], address)) return scoped[0]
  return 'public'
}
