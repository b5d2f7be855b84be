import { formatAddress } from '@sallyport/net'
import type { Destination } from '../http/request-target.ts'
import type { OpenRecord } from '../log/open-record.ts'
import type { ProxyCore } from '../proxy-core.ts'
import type { JudgedAddress } from './judge-addresses.ts'
import { parentName } from './parent-proxy.ts'

/** Which address it went to, by which verdict, and through whom. */
export function noteWay(
  { options }: ProxyCore,
  { host }: Destination,
  record: OpenRecord,
  { address, judged }: JudgedAddress,
): void {
  record.judged(judged)
  record.facts.dst = formatAddress(address)
  record.facts.parent = parentName(options.parents, host)
}
