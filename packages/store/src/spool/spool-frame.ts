import { crc32 } from 'node:zlib'
import type { FlowDrop, FlowRecord } from '@sallyport/flow'
import { BinaryReader } from '../ingest/binary-reader.ts'
import { BinaryRows } from '../ingest/binary-rows.ts'
import { FlowRowWriter } from '../ingest/flow-row-writer.ts'
import { writeFlow, type RecordedFacts } from '../ingest/flow-rows.ts'
import { readFlow } from '../ingest/read-flow.ts'
import { parseDrop, withDamage, type SegmentContent } from './segment-content.ts'

/** No octet of UTF-8, and so of no segment of lines. */
export const FRAME_MARK = 0xf5
const FLOW_KIND = 3
const DROP_KIND = 2
/** Of Sallyport before version 11 of the store, which may have left some. */
const EARLIER_FLOW_KIND = 1
/**
 * Mark, kind, the length of what follows, its CRC-32 begun with the kind, and a check of these: a power cut may leave octets that were
 * never written, and a length that was not must not take the frames after it along.
 */
const HEAD_BYTES = 12
const STEP_FRAMES = 2000
export const MAX_FRAME_BYTES: number = 2 ** 18

/** Frames on their way into a segment. */
export class SpoolFrames {
  readonly #rows = new BinaryRows()

  get size(): number {
    return this.#rows.size
  }

  /** They are no copy. */
  bytes(): Uint8Array {
    return this.#rows.bytes()
  }

  clear(): void {
    this.#rows.truncate(0)
  }

  addFlow(record: FlowRecord, nowMs: number): 'added' | 'too-large' | 'no-flow' {
    const from = this.#begin(FLOW_KIND)
    const isFlow = writeFlow(this.#rows, record as unknown as RecordedFacts, nowMs)
    if (isFlow && this.#rows.size - from <= MAX_FRAME_BYTES) {
      this.#end(from, FLOW_KIND)
      return 'added'
    }
    this.#rows.truncate(from)
    return isFlow ? 'too-large' : 'no-flow'
  }

  addDrop(drop: FlowDrop): void {
    const from = this.#begin(DROP_KIND)
    this.#rows.octets(Buffer.from(JSON.stringify({ dropped: drop })))
    this.#end(from, DROP_KIND)
  }

  #begin(kind: number): number {
    const from = this.#rows.size
    this.#rows.uint8(FRAME_MARK)
    this.#rows.uint8(kind)
    for (let left = HEAD_BYTES - 2; left > 0; left--) this.#rows.uint8(0)
    return from
  }

  #end(from: number, kind: number): void {
    const body = this.#rows.bytes().subarray(from + HEAD_BYTES)
    const checksum = crc32(body, kind)
    this.#rows.putUint32(from + 2, body.length)
    this.#rows.putUint32(from + 6, checksum)
    this.#rows.putUint16(from + 10, headCheck(kind, body.length, checksum))
  }
}

function headCheck(kind: number, size: number, checksum: number): number {
  return (kind ^ size ^ (size >>> 16) ^ checksum ^ (checksum >>> 16)) & 0xffff
}

/**
 * Takes any octets. A frame that is torn, or not as it was written, counts as one flow that was dropped; so do all octets up to the next head
 * where there should have been one.
 */
export function* readFrames(
  buffer: Buffer,
  batch: string,
  nowMs: number,
  onRecord: ((record: FlowRecord) => void) | null,
): Generator<void, SegmentContent, void> {
  const rows = new FlowRowWriter(batch, nowMs)
  const read = new BinaryReader(buffer)
  const drops: FlowDrop[] = []
  let [damaged, frames] = [0, 0]
  for (let at = 0; at < buffer.length;) {
    if (++frames % STEP_FRAMES === 0) yield
    const end = frameEnd(buffer, at)
    if (end === null) {
      damaged++
      at = nextHead(buffer, at)
      continue
    }
    const body = buffer.subarray(at + HEAD_BYTES, end)
    const kind = buffer[at + 1]!
    const drop = kind === DROP_KIND ? parseDrop(body.toString()) : null
    if (crc32(body, kind) !== buffer.readUInt32LE(at + 6)) damaged++
    else if (kind === FLOW_KIND) {
      read.seek(at + HEAD_BYTES, end)
      if (!rows.addWritten(read)) damaged++
      const record = onRecord === null ? null : readFlow(body)
      if (record !== null) onRecord?.(record)
    } else if (kind === EARLIER_FLOW_KIND) {
      const record = readFlow(body)
      if (record === null || !rows.add(record as unknown as RecordedFacts)) damaged++
      else onRecord?.(record)
    } else if (drop !== null) drops.push(drop)
    else damaged++
    at = end
  }
  return { flows: rows.rows, drops: withDamage(drops, damaged, nowMs) }
}

/** Where the frame ends whose head is there; null when there is none. */
function frameEnd(buffer: Buffer, at: number): number | null {
  // The octet of a number before zeros is no head, though their check holds.
  if (at + HEAD_BYTES > buffer.length || buffer[at] !== FRAME_MARK || buffer[at + 1] === 0) return null
  const size = buffer.readUInt32LE(at + 2)
  const end = at + HEAD_BYTES + size
  const isHead = headCheck(buffer[at + 1]!, size, buffer.readUInt32LE(at + 6)) === buffer.readUInt16LE(at + 10)
  return isHead && size <= MAX_FRAME_BYTES && end <= buffer.length ? end : null
}

function nextHead(buffer: Buffer, at: number): number {
  let next = buffer.indexOf(FRAME_MARK, at + 1)
  while (next >= 0 && frameEnd(buffer, next) === null) next = buffer.indexOf(FRAME_MARK, next + 1)
  return next < 0 ? buffer.length : next
}
