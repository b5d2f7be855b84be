import { crc32 } from 'node:zlib'
import { DROP_REASONS, type FlowDrop, type FlowRecord } from '@sallyport/flow'
import * as z from 'zod'
import { FlowRowWriter, type FlowRows, type RecordedFacts } from '../ingest/flow-rows.ts'

/** What a segment holds: all whole flows of it, and what is known to be missing. */
export type SegmentContent = { readonly flows: FlowRows; readonly drops: readonly FlowDrop[] }

const DropSchema = z.strictObject({
  dropped: z.strictObject({ time: z.iso.datetime(), reason: z.enum(DROP_REASONS), count: z.int().nonnegative() }),
})

const STEP_LINES = 500

/** CRC-32 of the JSON, a space, the JSON, a newline: a power cut may leave octets that were never written. */
export function encodeFlowLine(record: FlowRecord): string {
  return withChecksum(JSON.stringify(record))
}

export function encodeDropLine(dropped: FlowDrop): string {
  return withChecksum(JSON.stringify({ dropped }))
}

function withChecksum(json: string): string {
  return `${checksum(json)} ${json}\n`
}

function checksum(json: string | Uint8Array): string {
  return crc32(json).toString(16).padStart(8, '0')
}

/**
 * Takes any octets. A line that is torn, not as it was written, or no record, counts as one flow that was dropped.
 */
export function readSegment(
  bytes: Uint8Array,
  batch: string,
  nowMs: number,
  onRecord: (record: FlowRecord) => void = () => {},
): SegmentContent {
  const reading = readInSteps(bytes, batch, nowMs, onRecord)
  for (;;) {
    const step = reading.next()
    if (step.done === true) return step.value
  }
}

/** A step is a few milliseconds: whoever reads may do something else in between. */
export function* readInSteps(
  bytes: Uint8Array,
  batch: string,
  nowMs: number,
  onRecord: (record: FlowRecord) => void,
): Generator<void, SegmentContent, void> {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const rows = new FlowRowWriter(batch, nowMs)
  const drops: FlowDrop[] = []
  let [damaged, start, lines] = [0, 0, 0]
  for (let end = buffer.indexOf(10); end >= 0; start = end + 1, end = buffer.indexOf(10, start)) {
    if (++lines % STEP_LINES === 0) yield
    const read = readLine(buffer, start, end)
    if (read === null) damaged++
    else if ('dropped' in read) drops.push(read.dropped as FlowDrop)
    else if (rows.add(read)) onRecord(read as unknown as FlowRecord)
    else damaged++
  }
  if (start < buffer.length) damaged++
  if (damaged > 0) drops.push({ time: new Date(nowMs).toISOString(), reason: 'damaged', count: damaged })
  return { flows: rows.rows, drops }
}

function readLine(buffer: Buffer, start: number, end: number): RecordedFacts | null {
  const json = buffer.subarray(start + 9, end)
  if (buffer[start + 8] !== 32 || checksum(json) !== buffer.toString('latin1', start, start + 8)) return null
  let value: unknown
  try {
    value = JSON.parse(json.toString())
  } catch {
    return null
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return null
  if (!('dropped' in value)) return value as RecordedFacts
  const drop = DropSchema.safeParse(value)
  return drop.success ? drop.data : null
}
