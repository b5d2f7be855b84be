import type { ToOutside } from './messages.ts'
import type { PacketFacts, PacketVerdict, UnprivilegedEvent } from './packet-facts.ts'

type Judge = {
  readonly decide: (packet: PacketFacts) => PacketVerdict | Promise<PacketVerdict>
  readonly onEvent?: (event: UnprivilegedEvent) => void
}

/** Never rejects: a packet about which nothing could be decided is dropped. */
export async function judgePacket(
  { headers, owner }: Extract<ToOutside, { kind: 'packet' }>,
  { decide, onEvent }: Judge,
): Promise<PacketVerdict> {
  // Every process in the namespace runs as the one user who is mapped into it.
  const packet: PacketFacts = { ...headers, ...owner, uid: process.getuid?.() ?? 0 }
  try {
    const verdict = await decide(packet)
    onEvent?.({ kind: 'decided', packet, verdict })
    return verdict
  } catch (error) {
    onEvent?.({ kind: 'decision-failed', packet, error })
    return 'drop'
  }
}
