import { parseAddress } from '@sallyport/net'

/** An address that leads nowhere: with it a list says that the name is not to be reached. */
export function isNullAddress(text: string): boolean {
  if (/^fe80::1%/i.test(text)) return true
  const address = parseAddress(text)
  if (address === null) return false
  const [a, b, c, d] = address.words
  if (a !== 0 || b !== 0) return false
  if (c === 0xffff) return d === 0 || d >>> 24 === 127 || d === 0xffffffff
  return c === 0 && d <= 1
}
