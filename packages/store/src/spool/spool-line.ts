import { crc32 } from 'node:zlib'
import type { FlowDrop, FlowRecord } from '@sallyport/flow'
import { FlowRowWriter } from '../ingest/flow-row-writer.ts'
import type { RecordedFacts } from '../ingest/flow-rows.ts'
import { parseDrop, withDamage, type SegmentContent } from './segment-content.ts'

const STEP_LINES = 500

/**
 * Segments of Sallyport 0.1: CRC-32 of a JSON, a space, the JSON, a newline. Takes any octets. A line that is torn, not as it was written, or no
 * record, counts as one flow that was dropped.
 */
export function* readLines(
  buffer: Buffer,
  batch: string,
  nowMs: number,
  onRecord: ((record: FlowRecord) => void) | null,
): Generator<void, SegmentContent, void> {
  const rows = new FlowRowWriter(batch, nowMs)
  const drops: FlowDrop[] = []
  let [damaged, start, lines] = [0, 0, 0]
  for (let end = buffer.indexOf(10); end >= 0; start = end + 1, end = buffer.indexOf(10, start)) {
    if (++lines % STEP_LINES === 0) yield
    const read = readLine(buffer, start, end)
    if (read === null) damaged++
    else if ('drop' in read) drops.push(read.drop)
    else if (rows.add(read.flow)) onRecord?.(read.flow as unknown as FlowRecord)
    else damaged++
  }
  if (start < buffer.length) damaged++
  return { flows: rows.rows, drops: withDamage(drops, damaged, nowMs) }
}

function readLine(
  buffer: Buffer,
  start: number,
  end: number,
): { readonly flow: RecordedFacts } | { readonly drop: FlowDrop } | null {
  const json = buffer.subarray(start + 9, end)
  const checksum = crc32(json).toString(16).padStart(8, '0')
  if (buffer[start + 8] !== 32 || checksum !== buffer.toString('latin1', start, start + 8)) return null
  let value: unknown
  try {
    value = JSON.parse(json.toString())
  } catch {
    return null
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return null
  if (!('dropped' in value)) return { flow: value as RecordedFacts }
  const drop = parseDrop(json.toString())
  return drop === null ? null : { drop }
}
