import { prefixCovers, type Prefix } from '@sallyport/net'
import { ALL_SIX_TO_FOUR, embeddedAddress, sixToFourPrefix } from './embedded-address.ts'
import type { RangeTable } from './range-table.ts'

/**
 * A table in which a 6to4 address is where the IPv4 address inside it is, in look-ups and in prefixes alike. Teredo addresses
 * cannot be said in prefixes (the address is at their end), so they are nowhere in either.
 */
export function throughTunnels(table: RangeTable): RangeTable {
  return {
    ...table,
    find: (address) => {
      const embedded = embeddedAddress(address)
      if (embedded === null) return table.find(address)
      return embedded.kind === '6to4' ? table.find(embedded.address) : null
    },
    prefixesOf: (value) =>
      table
        .prefixesOf(value)
        .filter((prefix) => !prefixCovers(ALL_SIX_TO_FOUR, prefix) && !isTeredo(prefix))
        .flatMap((prefix) => [prefix, sixToFourPrefix(prefix)])
        .filter((prefix) => prefix !== null),
  }
}

function isTeredo({ address, length }: Prefix): boolean {
  return length >= 32 && address.words[0] === 0x20010000
}
