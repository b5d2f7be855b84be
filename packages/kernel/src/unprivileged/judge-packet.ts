import { parseSegment } from '../queue/parse-segment.ts'
import type { ToOutside } from './messages.ts'
import type { AwaitsHandshake, CountsOctets, PacketFacts, PacketVerdict, UnprivilegedEvent } from './packet-facts.ts'

export type Decision<Facts> = PacketVerdict | AwaitsHandshake<Facts> | CountsOctets<Facts>

type Judge<Facts> = {
  readonly decide: (packet: PacketFacts) => Decision<Facts> | Promise<Decision<Facts>>
  readonly onEvent?: (event: UnprivilegedEvent) => void
}

/** Never rejects: a packet about which nothing could be decided is dropped. */
export async function judgePacket<Facts>(
  { headers, owner, bytes }: Extract<ToOutside, { kind: 'packet' }>,
  { decide, onEvent }: Judge<Facts>,
): Promise<Decision<Facts>> {
  // Every process in the namespace runs as the one user who is mapped into it.
  const segment = parseSegment(bytes)
  const syn = segment?.isSyn === true ? segment.seq : null
  const packet: PacketFacts = { ...headers, ...owner, uid: process.getuid?.() ?? 0, syn }
  try {
    const decision = await decide(packet)
    const verdict = typeof decision === 'string' ? decision : 'awaits' in decision ? 'await' : 'count'
    onEvent?.({ kind: 'decided', packet, verdict })
    return decision
  } catch (error) {
    onEvent?.({ kind: 'decision-failed', packet, error })
    return 'drop'
  }
}
