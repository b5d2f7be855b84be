import { findHeadEnd, isMessageFailure, type MessageFailure } from '@sallyport/wire'
import { NO_OCTETS, type ByteReader } from '../client/byte-reader.ts'

export type HeadRead =
  | { readonly state: 'head'; readonly text: string }
  /** `octets`: how many of a head had come. */
  | { readonly state: 'end'; readonly octets: number }
  | { readonly state: 'timeout'; readonly octets: number }
  | { readonly state: 'bad'; readonly failure: MessageFailure }

/** The next head, one character an octet; what is behind it stays in the reader. */
export async function readHead(
  reader: ByteReader,
  mostOctets: number,
  firstOctetMs: number,
  headMs: number,
): Promise<HeadRead> {
  let bytes = NO_OCTETS
  let seen = 0
  let deadlineMs = Infinity
  for (;;) {
    const wait = deadlineMs === Infinity ? firstOctetMs : Math.max(0, deadlineMs - performance.now())
    const piece = reader.readNow() ?? (await reader.read(wait))
    if (piece === 'end') return { state: 'end', octets: bytes.length }
    if (piece === 'timeout') return { state: 'timeout', octets: bytes.length }
    if (deadlineMs === Infinity) deadlineMs = performance.now() + headMs
    bytes = bytes.length === 0 ? piece : Buffer.concat([bytes, piece])
    // RFC 9112 §2.2: one empty line before a request comes from old clients, behind the body of the last one.
    if (seen === 0 && bytes[0] === 13) {
      if (bytes.length < 2) continue
      if (bytes[1] === 10) bytes = bytes.subarray(2)
      if (bytes.length === 0) continue
    }
    const end = findHeadEnd(bytes, seen)
    if (end !== null && isMessageFailure(end)) return { state: 'bad', failure: end }
    const size = end === null ? bytes.length : end.next
    if (size > mostOctets) return { state: 'bad', failure: { problem: 'head-too-large', offset: mostOctets } }
    if (end !== null) {
      if (end.next < bytes.length) reader.unread(bytes.subarray(end.next))
      return { state: 'head', text: bytes.toString('latin1', 0, end.end) }
    }
    seen = bytes.length
  }
}
