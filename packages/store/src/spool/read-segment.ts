import type { FlowRecord } from '@sallyport/flow'
import type { SegmentContent } from './segment-content.ts'
import { FRAME_MARK, readFrames } from './spool-frame.ts'
import { readLines } from './spool-line.ts'

/** Its checksum. */
const LINE = /^[\da-f]{8} $/

/**
 * Takes any octets. `onRecord` has the records that are stored. A step is a few milliseconds: whoever reads may do something else in
 * between.
 */
export function readInSteps(
  bytes: Uint8Array,
  batch: string,
  nowMs: number,
  onRecord: ((record: FlowRecord) => void) | null = null,
): Generator<void, SegmentContent, void> {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  return (isOfLines(buffer) ? readLines : readFrames)(buffer, batch, nowMs, onRecord)
}

/** A damaged beginning is told by the line after it. */
function isOfLines(buffer: Buffer): boolean {
  return isLine(buffer, 0) || (buffer[0] !== FRAME_MARK && isLine(buffer, buffer.indexOf('\n') + 1))
}

function isLine(buffer: Buffer, at: number): boolean {
  return LINE.test(buffer.toString('latin1', at, at + 9))
}

export function readSegment(bytes: Uint8Array, batch: string, nowMs: number): SegmentContent {
  const reading = readInSteps(bytes, batch, nowMs)
  for (;;) {
    const step = reading.next()
    if (step.done === true) return step.value
  }
}
