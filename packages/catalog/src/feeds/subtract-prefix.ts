import { prefixCovers, type Prefix } from '@sallyport/net'

/** What is left of a prefix without another: nothing, itself, or the siblings on the way down to the hole. */
export function subtractPrefix(prefix: Prefix, hole: Prefix): readonly Prefix[] {
  if (prefixCovers(hole, prefix)) return []
  if (!prefixCovers(prefix, hole)) return [prefix]
  const rest: Prefix[] = []
  for (let length = prefix.length + 1; length <= hole.length; length++) rest.push(sibling(hole, length))
  return rest
}

/** The prefix of this length beside the one that holds the address: its last bit is the other. */
function sibling({ address }: Prefix, length: number): Prefix {
  const word = (length - 1) >>> 5
  const bit = 31 - ((length - 1) & 31)
  const words = address.words.map((each, index) => {
    if (index < word) return each
    if (index > word) return 0
    return (((each ^ (2 ** bit)) >>> bit) * 2 ** bit) >>> 0
  })
  return { address: { words: words as unknown as Prefix['address']['words'] }, length }
}
