import { ChunkedReader, type Framing } from '@sallyport/wire'
import type { ByteReader } from '../client/byte-reader.ts'

/** Why there is no whole body. */
export type NoBody = 'too-large' | 'timeout' | 'ended' | 'malformed'

/** A whole body in memory, without its chunks. */
export async function collectBody(
  reader: ByteReader,
  framing: Framing,
  mostOctets: number,
  idleMs: number,
): Promise<Buffer | NoBody> {
  if (framing.kind === 'none') return Buffer.alloc(0)
  if (framing.kind === 'length' && framing.octets > mostOctets) return 'too-large'
  const chunks = framing.kind === 'chunked' ? new ChunkedReader() : null
  const parts: Uint8Array[] = []
  let octets = 0
  const take = (part: Uint8Array): void => {
    parts.push(part)
    octets += part.length
  }
  while (chunks === null ? framing.kind !== 'length' || octets < framing.octets : !chunks.isEnd) {
    const piece = await reader.read(idleMs)
    if (piece === 'timeout') return 'timeout'
    if (piece === 'end') return framing.kind === 'until-close' ? Buffer.concat(parts) : 'ended'
    const taken = chunks === null ? takePlain(piece, framing, octets, take) : chunks.read(piece, take)
    if (typeof taken !== 'number') return 'malformed'
    reader.unread(piece.subarray(taken))
    if (octets > mostOctets) return 'too-large'
  }
  return Buffer.concat(parts)
}

function takePlain(piece: Buffer, framing: Framing, before: number, take: (part: Uint8Array) => void): number {
  const left = framing.kind === 'length' ? framing.octets - before : piece.length
  const part = piece.subarray(0, left)
  take(part)
  return part.length
}
