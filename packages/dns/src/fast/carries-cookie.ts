import { cookieOf, ednsOf, isWireFailure, parseMessage } from '@sallyport/wire'

/** A cookie is for one address alone (RFC 7873 §5.2): what is answered to it is of no use to others. */
export function carriesCookie(query: Uint8Array): boolean {
  const message = parseMessage(query)
  if (isWireFailure(message)) return true
  const edns = ednsOf(message)
  return edns === 'bad' || (edns !== null && cookieOf(edns.options) !== null)
}
