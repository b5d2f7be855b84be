import { formatAddress } from '@sallyport/net'
import type { RequestHead } from '@sallyport/wire'
import type { Refusal } from '../answers.ts'
import { noteWay } from '../connect/note-way.ts'
import { reachServer } from '../connect/reach-server.ts'
import { newUpstream } from '../connect/upstream-pool.ts'
import type { Way } from '../connect/way.ts'
import type { OpenRecord } from '../log/open-record.ts'
import type { ProxyCore } from '../proxy-core.ts'
import type { TunnelRoute } from '../tunnel/tunnel-route.ts'
import type { Answerer, KeptUpstream } from './answerer.ts'
import { isWebSocketUpgrade } from './forward-fields.ts'
import { Http1Answerer } from './http1-answerer.ts'
import type { KeptUpstreams } from './kept-upstreams.ts'
import { isRefusal } from './request-target.ts'

/** One that is kept, or a new connection. */
export async function reachAnswerer(
  core: ProxyCore,
  way: Way,
  reusable: KeptUpstreams | null,
  kept: KeptUpstreams,
  record: OpenRecord,
  open: TunnelRoute['open'],
  head: RequestHead,
): Promise<Answerer | Refusal> {
  const { addresses, destination } = way
  const all = addresses.map(({ address }) => address)
  if (open !== null) {
    noteWay(record, way, addresses[0]!)
    return open(kept, { mustBeHttp1: isWebSocketUpgrade(head), mayReuse: reusable !== null })
  }
  const idle = reusable?.take(all, destination.port) ?? null
  if (idle !== null) {
    core.counters.add('upstreamReused')
    const used = addresses.find(({ address }) => idle.key.startsWith(`${formatAddress(address)} `))
    if (used !== undefined) noteWay(record, way, used)
    return new Http1Answerer(core, idle, kept)
  }
  const opened = await reachServer(core, way, record)
  if (isRefusal(opened)) return opened
  noteWay(record, way, opened.to)
  return new Http1Answerer(core, newUpstream(opened.socket, opened.to.address, destination.port), kept)
}

/** Nobody else gets a connection over TLS: its host was checked for this client's tunnel. */
export function keptBy(keeps: KeptUpstream, hasParent: boolean, route: TunnelRoute | null): KeptUpstream {
  if (route?.open) return keeps === 'no' ? 'no' : 'client'
  return hasParent ? 'no' : keeps
}
