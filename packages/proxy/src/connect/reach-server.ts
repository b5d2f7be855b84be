import { refusal, type Refusal } from '../answers.ts'
import { isRefusal } from '../http/request-target.ts'
import type { OpenRecord } from '../log/open-record.ts'
import type { ProxyCore } from '../proxy-core.ts'
import type { SocketLoop } from '../sockets/socket-loop.ts'
import { openUpstream, type Opened } from './open-upstream.ts'
import { openThroughParent } from './through-parent.ts'
import type { Way } from './way.ts'

type Reached = Extract<Opened, { readonly state: 'open' }>

/** A new connection to one of the judged addresses, or through the parent. */
export async function reachServer(core: ProxyCore, way: Way, record: OpenRecord): Promise<Reached | Refusal> {
  const startMs = performance.now()
  const reached = await connectTo(core, core.loop, way)
  record.facts.connectMs = performance.now() - startMs
  if (isRefusal(reached)) record.judged(way.addresses[0]!.judged)
  return reached
}

/** The same for who has no record of it. */
export async function connectTo(
  core: ProxyCore,
  loop: SocketLoop | null,
  { destination, addresses: judged, parent }: Way,
): Promise<Reached | Refusal> {
  const { connectMs } = core.timeouts
  const addresses = judged.filter(({ address }) => !core.own.has(address, destination.port))
  const [first] = addresses
  if (first === undefined) return refusal('loop', 'the destination is this proxy')
  if (parent !== null) {
    const socket = await openThroughParent(parent, destination, first.address, connectMs)
    if (isRefusal(socket)) return socket
    core.counters.add('upstreamOpened')
    return { state: 'open', socket, to: first }
  }
  const opened = await openUpstream(loop, addresses, destination.port, connectMs)
  if (opened.state === 'refused') return opened.refusal
  core.counters.add('upstreamOpened')
  return opened
}
