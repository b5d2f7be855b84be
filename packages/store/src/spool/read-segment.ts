import type { FlowRecord } from '@sallyport/flow'
import type { SegmentContent } from './segment-content.ts'
import { FRAME_MARK, readFrames } from './spool-frame.ts'
import { readLines } from './spool-line.ts'

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
  // A line begins with eight digits; a damaged beginning is told by what comes after it.
  const isFramed = buffer[0] === FRAME_MARK || (buffer[8] !== 32 && buffer.includes(FRAME_MARK))
  return (isFramed ? readFrames : readLines)(buffer, batch, nowMs, onRecord)
}

export function readSegment(bytes: Uint8Array, batch: string, nowMs: number): SegmentContent {
  const reading = readInSteps(bytes, batch, nowMs)
  for (;;) {
    const step = reading.next()
    if (step.done === true) return step.value
  }
}
