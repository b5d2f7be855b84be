import {
  clientFirst,
  compareAddresses,
  formatAddress,
  formatPrefix,
  ipv4,
  isIpv4,
  parseAddress,
  prefixesOfRange,
  teredoClient,
  type Address,
} from '@sallyport/net'
import type { AddressTable } from '../tables/address-table.ts'
import type { Value } from './subject-values.ts'

/** Examples that a reader takes for what they are (RFC 5737, RFC 3849), where one of them is as good as any address. */
const EXAMPLES = ['198.51.100.1', '203.0.113.1', '192.0.2.1', '2001:db8::1'].map((text) => parseAddress(text)!)
const END: Address = { words: [0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff] }
const SHOWN_PREFIXES = 3

type Range = { readonly first: Address; readonly last: Address; readonly class: number }

/**
 * One value for each range of addresses that no condition tells apart. The class of most addresses is called by what it is
 * not: its ranges are only the gaps between the others.
 */
export function addressValues(table: AddressTable): readonly Value[] {
  const starts = table.ranges()
  const ranges = starts.map(({ start, class: id }, at): Range => ({
    first: start,
    last: before(starts[at + 1]?.start),
    class: id,
  }))
  const common4 = mostAddresses(ranges.filter(({ first }) => isIpv4(first)))
  const common6 = mostAddresses(ranges.filter(({ first }) => !isIpv4(first)))
  const valueOf = (range: Range): Value => {
    const dst = clientFirst(exampleIn(range) ?? range.first)
    const common = isIpv4(range.first) ? common4 : common6
    const family = common4 === common6 || common4 === null ? '' : isIpv4(range.first) ? 'IPv4 ' : 'IPv6 '
    return { facts: { dst }, label: range.class === common ? `any other ${family}address` : rangeLabel(range) }
  }
  // The first value of a class stands for it.
  return [...ranges.filter(exampleIn), ...ranges.filter((range) => !exampleIn(range))].map(valueOf)
}

function exampleIn({ first, last }: Range): Address | undefined {
  return EXAMPLES.find((each) => compareAddresses(each, first) >= 0 && compareAddresses(each, last) <= 0)
}

/** The class that the most addresses are in. */
function mostAddresses(ranges: readonly Range[]): number | null {
  const sizes = new Map<number, number>()
  for (const { first, last, class: id } of ranges)
    sizes.set(id, (sizes.get(id) ?? 0) + position(last) - position(first))
  let most: number | null = null
  for (const [id, size] of sizes) if (most === null || size > sizes.get(most)!) most = id
  return most
}

function position({ words }: Address): number {
  return words.reduce((sum, word) => sum * 2 ** 32 + word, 0)
}

function rangeLabel({ first, last }: Range): string {
  // The table has the client in front.
  if (teredoClient(first) !== null && teredoClient(last) !== null) {
    const [from, to] = [first, last].map(({ words }) => formatAddress(ipv4(words[1])))
    return `Teredo of ${from} to ${to}`
  }
  const prefixes = prefixesOfRange(first.words, last.words)
  return prefixes.length <= SHOWN_PREFIXES
    ? prefixes.map(formatPrefix).join(', ')
    : `${formatAddress(first)} to ${formatAddress(last)}`
}

function before(next: Address | undefined): Address {
  if (next === undefined) return END
  const words = [...next.words] as [number, number, number, number]
  for (let at = 3; at >= 0; at--) {
    const word = words[at as 0]
    words[at as 0] = word === 0 ? 0xffffffff : word - 1
    if (word !== 0) break
  }
  return { words }
}
