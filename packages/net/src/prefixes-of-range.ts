import { ipv4, isIpv4, type Address } from './address.ts'
import { maskAddress, type Prefix } from './prefix.ts'

type Words = Address['words']

/** The fewest prefixes that together are the range, both ends included. */
export function prefixesOfRange(start: Words, end: Words): readonly Prefix[] {
  const bothIpv4 = isIpv4({ words: start }) && isIpv4({ words: end })
  return bothIpv4 ? prefixesOfIpv4Range(start[3], end[3]) : prefixesOfWideRange(start, end)
}

/** The same in plain numbers: nearly every range of a country is IPv4. */
function prefixesOfIpv4Range(first: number, last: number): readonly Prefix[] {
  const prefixes: Prefix[] = []
  for (let at = first; at <= last;) {
    let size = 1
    let bits = 0
    while (bits < 32 && at % (size * 2) === 0 && at + size * 2 - 1 <= last) {
      size *= 2
      bits++
    }
    prefixes.push({ address: ipv4(at), length: 128 - bits })
    at += size
  }
  return prefixes
}

function prefixesOfWideRange(start: Words, end: Words): readonly Prefix[] {
  const prefixes: Prefix[] = []
  const last = toBig(end)
  for (let at = toBig(start); at <= last;) {
    let bits = 0
    while (bits < 128 && (at & (1n << BigInt(bits))) === 0n && at + (1n << BigInt(bits + 1)) - 1n <= last) bits++
    prefixes.push({ address: maskAddress({ words: fromBig(at) }, 128 - bits), length: 128 - bits })
    at += 1n << BigInt(bits)
  }
  return prefixes
}

function toBig(words: Words): bigint {
  return words.reduce((sum, word) => (sum << 32n) | BigInt(word), 0n)
}

function fromBig(value: bigint): Words {
  const word = (shift: bigint): number => Number((value >> shift) & 0xffffffffn)
  return [word(96n), word(64n), word(32n), word(0n)]
}
