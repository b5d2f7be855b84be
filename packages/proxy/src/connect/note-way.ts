import { formatAddress } from '@sallyport/net'
import type { OpenRecord } from '../log/open-record.ts'
import type { JudgedAddress } from './judge-addresses.ts'
import { parentName } from './parent-proxy.ts'
import type { Way } from './way.ts'

/** Which address it went to, by which verdict, and through whom. */
export function noteWay(record: OpenRecord, { parent }: Way, { address, judged }: JudgedAddress): void {
  record.judged(judged)
  record.facts.dst = formatAddress(address)
  record.facts.parent = parent === null ? null : parentName(parent)
}
