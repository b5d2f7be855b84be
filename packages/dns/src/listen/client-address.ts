import { formatAddress, parseAddress } from '@sallyport/net'

/** Canonical text of a peer's address; a zone, which only link-local addresses have, is kept as the system writes it. */
export function clientAddress(text: string): string {
  const address = parseAddress(text)
  return address === null ? text : formatAddress(address)
}
