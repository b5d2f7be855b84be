/** An IP address as four 32-bit words; IPv4 is held as ::ffff:a.b.c.d, so both families share one order and one table. */
export type Address = { readonly words: readonly [number, number, number, number] }

const MAPPED = 0xffff

export function ipv4(value: number): Address {
  return { words: [0, 0, MAPPED, value >>> 0] }
}

/** RFC 6052 §2.1: 64:ff9b::/96 carries an IPv4 address; it is judged as that address. */
function denoted(words: readonly [number, number, number, number]): Address {
  const [a, b, c, d] = words
  return a === 0x0064ff9b && b === 0 && c === 0 ? ipv4(d) : { words: [a >>> 0, b >>> 0, c >>> 0, d >>> 0] }
}

/** From 4 or 16 bytes in network order; anything else is `null`. IPv4-mapped and NAT64 become the IPv4 address. */
export function addressFromBytes(bytes: Uint8Array): Address | null {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  if (bytes.length === 4) return ipv4(view.getUint32(0))
  if (bytes.length !== 16) return null
  return denoted([view.getUint32(0), view.getUint32(4), view.getUint32(8), view.getUint32(12)])
}

/** The 16 bytes in network order. */
export function addressBytes(address: Address): Uint8Array {
  const bytes = new Uint8Array(16)
  const view = new DataView(bytes.buffer)
  address.words.forEach((word, index) => view.setUint32(index * 4, word))
  return bytes
}

export function isIpv4(address: Address): boolean {
  const { words } = address
  return words[0] === 0 && words[1] === 0 && words[2] === MAPPED
}

export function compareAddresses(a: Address, b: Address): number {
  for (let i = 0; i < 4; i++) {
    const difference = a.words[i as 0]! - b.words[i as 0]!
    if (difference !== 0) return difference
  }
  return 0
}

export function sameAddress(a: Address, b: Address): boolean {
  return compareAddresses(a, b) === 0
}

/**
 * An address in any spelling a connect call would take: dotted quad, the decimal, octal and hexadecimal forms of
 * inet_aton(3), IPv6 (RFC 4291 §2.2), bracketed, IPv4-mapped, NAT64. Zone identifiers are not addresses of a peer: `null`.
 */
export function parseAddress(text: string): Address | null {
  const inner = text.startsWith('[') && text.endsWith(']') ? text.slice(1, -1) : text
  if (inner.includes(':')) return parseIpv6(inner)
  return inner === text ? parseIpv4(text) : null
}

function parseIpv4(text: string): Address | null {
  const usual = parseUsualQuad(text)
  if (usual !== null) return ipv4(usual)
  const parts = text.split('.')
  if (parts.length < 1 || parts.length > 4) return null
  const numbers: number[] = []
  for (const part of parts) {
    const number = parseIpv4Number(part)
    if (number === null) return null
    numbers.push(number)
  }
  const last = numbers.pop()!
  if (numbers.some((number) => number > 255) || last >= 256 ** (4 - numbers.length)) return null
  return ipv4(numbers.reduce((sum, number, index) => sum + number * 256 ** (3 - index), last))
}

/** Four decimal numbers without a zero in front, as nearly all are written: without the cost of any other spelling. */
function parseUsualQuad(text: string): number | null {
  let sum = 0
  let number = -1
  let parts = 1
  for (let at = 0; at < text.length; at++) {
    const digit = text.charCodeAt(at) - 48
    if (digit >= 0 && digit <= 9) {
      if (number === 0) return null
      number = number < 0 ? digit : number * 10 + digit
      if (number > 255) return null
    } else if (digit === DOT && number >= 0) {
      sum = sum * 256 + number
      number = -1
      if (++parts > 4) return null
    } else return null
  }
  return parts === 4 && number >= 0 ? sum * 256 + number : null
}

const DOT = 46 - 48

function parseIpv4Number(part: string): number | null {
  if (/^0[xX][0-9a-fA-F]{1,8}$/.test(part)) return Number.parseInt(part.slice(2), 16)
  if (/^0[0-7]{0,11}$/.test(part)) return Number.parseInt(part, 8)
  if (/^[1-9][0-9]{0,9}$/.test(part)) return Number.parseInt(part, 10)
  return null
}

function parseIpv6(text: string): Address | null {
  let body = text
  const dotted = /^(.*:)(\d{1,3}\.\d{1,3}\.\d{1,3}\.\d{1,3})$/.exec(body)
  if (dotted) {
    const quad = parseDottedQuad(dotted[2]!)
    if (quad === null) return null
    body = `${dotted[1]!}${(quad >>> 16).toString(16)}:${(quad & 0xffff).toString(16)}`
  }
  const halves = body.split('::')
  if (halves.length > 2) return null
  const head = parseGroups(halves[0]!)
  const tail = halves.length === 2 ? parseGroups(halves[1]!) : []
  if (head === null || tail === null) return null
  const missing = 8 - head.length - tail.length
  if (halves.length === 2 ? missing < 1 : missing !== 0) return null
  const groups = [...head, ...new Array<number>(missing).fill(0), ...tail]
  const word = (index: number): number => ((groups[index]! << 16) | groups[index + 1]!) >>> 0
  return denoted([word(0), word(2), word(4), word(6)])
}

function parseDottedQuad(text: string): number | null {
  const parts = text.split('.').map(Number)
  return parts.some((part) => part > 255) ? null : parts.reduce((sum, part) => sum * 256 + part, 0)
}

function parseGroups(text: string): number[] | null {
  if (text === '') return []
  const groups = text.split(':')
  return groups.every((group) => /^[0-9a-fA-F]{1,4}$/.test(group))
    ? groups.map((group) => Number.parseInt(group, 16))
    : null
}

/** Canonical text: dotted quad, or RFC 5952. */
export function formatAddress(address: Address): string {
  const [a, b, c, d] = address.words
  if (isIpv4(address)) return `${d >>> 24}.${(d >>> 16) & 255}.${(d >>> 8) & 255}.${d & 255}`
  const groups = [a, b, c, d].flatMap((word) => [word >>> 16, word & 0xffff])
  const { start, length } = longestZeroRun(groups)
  const hex = (part: readonly number[]): string => part.map((group) => group.toString(16)).join(':')
  if (length < 2) return hex(groups)
  return `${hex(groups.slice(0, start))}::${hex(groups.slice(start + length))}`
}

function longestZeroRun(groups: readonly number[]): { start: number; length: number } {
  let best = { start: 0, length: 0 }
  let length = 0
  groups.forEach((group, index) => {
    length = group === 0 ? length + 1 : 0
    if (length > best.length) best = { start: index - length + 1, length }
  })
  return best
}
