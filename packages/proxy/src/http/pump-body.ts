import type { Socket } from 'node:net'
import { ChunkedReader, isMessageFailure, type Field, type Framing } from '@sallyport/wire'
import { writeWithin, type ByteReader } from '../client/byte-reader.ts'

/** How a body came to its end: `gone` is the side that takes it, all others but `done` the side that sends it. */
export type Pumped = 'done' | 'ended' | 'timeout' | 'malformed' | 'too-large' | 'gone'

export type PumpOptions = {
  readonly framing: Framing
  /** Whether the octets go on in chunks. */
  readonly inChunks: boolean
  readonly mostOctets: number
  readonly idleMs: number
  readonly onOctets: (count: number) => void
}

/** Takes one body from the reader to the socket, no faster than that takes it. */
export async function pumpBody(from: ByteReader, to: Socket, options: PumpOptions): Promise<Pumped> {
  const { framing } = options
  if (framing.kind === 'none' || (framing.kind === 'length' && framing.octets === 0)) return 'done'
  return framing.kind === 'chunked' ? pumpChunked(from, to, options) : pumpPlain(from, to, options)
}

async function pumpPlain(from: ByteReader, to: Socket, options: PumpOptions): Promise<Pumped> {
  const { framing, inChunks, idleMs } = options
  let left = framing.kind === 'length' ? framing.octets : Infinity
  let sum = 0
  while (left > 0) {
    const piece = await from.read(idleMs)
    if (piece === 'timeout') return 'timeout'
    if (piece === 'end') {
      if (framing.kind !== 'until-close') return 'ended'
      return inChunks ? writeEnd(to, [], idleMs) : 'done'
    }
    const body = piece.length > left ? piece.subarray(0, left) : piece
    if (body.length < piece.length) from.unread(piece.subarray(body.length))
    left -= body.length
    sum += body.length
    if (sum > options.mostOctets) return 'too-large'
    options.onOctets(body.length)
    const isTaken = await (inChunks ? writeChunk(to, body, idleMs) : writeWithin(to, body, idleMs))
    if (!isTaken) return 'gone'
  }
  return 'done'
}

async function pumpChunked(from: ByteReader, to: Socket, options: PumpOptions): Promise<Pumped> {
  const { inChunks, idleMs } = options
  const chunks = new ChunkedReader()
  let sum = 0
  while (!chunks.isEnd) {
    const piece = await from.read(idleMs)
    if (piece === 'timeout') return 'timeout'
    if (piece === 'end') return 'ended'
    const parts: Uint8Array[] = []
    const taken = chunks.read(piece, (part) => parts.push(part))
    if (typeof taken !== 'number') return isMessageFailure(taken) ? 'malformed' : 'ended'
    from.unread(piece.subarray(taken))
    const body = parts.length === 1 ? parts[0]! : Buffer.concat(parts)
    sum += body.length
    if (sum > options.mostOctets) return 'too-large'
    options.onOctets(body.length)
    if (body.length === 0) continue
    const isTaken = await (inChunks ? writeChunk(to, body, idleMs) : writeWithin(to, body, idleMs))
    if (!isTaken) return 'gone'
  }
  return inChunks ? writeEnd(to, chunks.trailers, idleMs) : 'done'
}

function writeChunk(to: Socket, body: Uint8Array, idleMs: number): Promise<boolean> {
  to.cork()
  to.write(`${body.length.toString(16)}\r\n`, 'latin1')
  to.write(body)
  const isTaken = writeWithin(to, '\r\n', idleMs)
  to.uncork()
  return isTaken
}

async function writeEnd(to: Socket, trailers: readonly Field[], idleMs: number): Promise<Pumped> {
  const text = trailers.map(({ spelled, value }) => `${spelled}: ${value}\r\n`).join('')
  return (await writeWithin(to, `0\r\n${text}\r\n`, idleMs)) ? 'done' : 'gone'
}
