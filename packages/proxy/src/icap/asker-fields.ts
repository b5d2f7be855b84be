import { formatAddress } from '@sallyport/net'
import type { Peer } from '../client/client.ts'
import type { OpenRecord } from '../log/open-record.ts'

/** Who asks, as servers expect it (draft-stecher-icap-subid). */
export function askerFields({ address }: Peer, record: OpenRecord): readonly (readonly [string, string])[] {
  const { user } = record
  return [
    ...(address === null ? [] : [['X-Client-IP', formatAddress(address)] as const]),
    ...(user === null ? [] : [['X-Authenticated-User', Buffer.from(`Local://${user}`).toString('base64')] as const]),
  ]
}
