import type { Framing } from '@sallyport/wire'
import type { BodySource } from '../http/body.ts'

/** Why there is no whole body. */
export type NoBody = 'too-large' | 'timeout' | 'cut' | 'malformed'

/** A whole body in memory. */
export async function collectBody(
  source: BodySource,
  framing: Framing,
  mostOctets: number,
  idleMs: number,
): Promise<Buffer | NoBody> {
  if (framing.kind === 'length' && framing.octets > mostOctets) return 'too-large'
  const parts: Buffer[] = []
  let octets = 0
  for (;;) {
    const piece = await source.read(idleMs)
    if (piece === 'end') return Buffer.concat(parts)
    if (typeof piece === 'string') return piece
    parts.push(piece)
    octets += piece.length
    if (octets > mostOctets) return 'too-large'
  }
}
