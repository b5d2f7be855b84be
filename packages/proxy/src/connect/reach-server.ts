import type { Refusal } from '../answers.ts'
import { authorityText, isRefusal, type Destination } from '../http/request-target.ts'
import type { OpenRecord } from '../log/open-record.ts'
import type { ProxyCore } from '../proxy-core.ts'
import type { JudgedAddress } from './judge-addresses.ts'
import { openUpstream, type Opened } from './open-upstream.ts'
import { openThroughParent, parentFor } from './through-parent.ts'

type Reached = Extract<Opened, { readonly state: 'open' }>

/** A new connection to one of the judged addresses, or through the parent that is for the host. */
export async function reachServer(
  core: ProxyCore,
  destination: Destination,
  addresses: readonly JudgedAddress[],
  record: OpenRecord,
): Promise<Reached | Refusal> {
  const { connectMs } = core.timeouts
  const startMs = performance.now()
  const parent = parentFor(core.options.parents ?? [], destination.host)
  const opened =
    parent === null
      ? await openUpstream(core.loop, addresses, destination.port, connectMs)
      : await openThroughParent(parent, authorityText(destination, null), connectMs)
  record.set({ connectMs: performance.now() - startMs })
  if (isRefusal(opened) || ('state' in opened && opened.state === 'refused')) {
    record.judged(addresses[0]!.judged)
    return isRefusal(opened) ? opened : (opened as Extract<Opened, { state: 'refused' }>).refusal
  }
  core.counters.add('upstreamOpened')
  return 'state' in opened ? (opened as Reached) : { state: 'open', socket: opened, to: addresses[0]! }
}
