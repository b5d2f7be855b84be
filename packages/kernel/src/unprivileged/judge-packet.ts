import type { ToOutside } from './messages.ts'
import type { AwaitsHandshake, PacketFacts, PacketVerdict, UnprivilegedEvent } from './packet-facts.ts'

export type Decision<Facts> = PacketVerdict | AwaitsHandshake<Facts>

type Judge<Facts> = {
  readonly decide: (packet: PacketFacts) => Decision<Facts> | Promise<Decision<Facts>>
  readonly onEvent?: (event: UnprivilegedEvent) => void
}

/** Never rejects: a packet about which nothing could be decided is dropped. */
export async function judgePacket<Facts>(
  { headers, owner }: Pick<Extract<ToOutside, { kind: 'packet' }>, 'headers' | 'owner'>,
  { decide, onEvent }: Judge<Facts>,
): Promise<Decision<Facts>> {
  // Every process in the namespace runs as the one user who is mapped into it.
  const packet: PacketFacts = { ...headers, ...owner, uid: process.getuid?.() ?? 0 }
  try {
    const decision = await decide(packet)
    onEvent?.({ kind: 'decided', packet, verdict: typeof decision === 'string' ? decision : 'await' })
    return decision
  } catch (error) {
    onEvent?.({ kind: 'decision-failed', packet, error })
    return 'drop'
  }
}
