import { prefixCovers, type Prefix } from '@sallyport/net'
import { ALL_SIX_TO_FOUR, embeddedAddress, sixToFourPrefix } from './embedded-address.ts'
import type { RangeTable } from './range-table.ts'

/**
 * A table in which a 6to4 or Teredo address is where the IPv4 address inside it is. Prefixes say so of 6to4 alone; of Teredo, whose
 * client is at the end of the address, a compiled policy adds them in a form of its own.
 */
export function throughTunnels(table: RangeTable): RangeTable {
  return {
    ...table,
    find: (address) => table.find(embeddedAddress(address)?.address ?? address),
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
