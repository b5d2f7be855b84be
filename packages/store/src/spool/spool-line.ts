import { crc32 } from 'node:zlib'
import { DROP_REASONS, type FlowDrop, type FlowRecord } from '@sallyport/flow'
import * as z from 'zod'
import { parseStoredFlow, type StoredFlow } from '../ingest/stored-flow.ts'

/** What a segment holds: all whole flows of it, and what is known to be missing. */
export type SegmentContent = { readonly flows: readonly StoredFlow[]; readonly drops: readonly FlowDrop[] }

const DropSchema = z.strictObject({
  dropped: z.strictObject({ time: z.iso.datetime(), reason: z.enum(DROP_REASONS), count: z.int().nonnegative() }),
})

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

function checksum(json: string): string {
  return crc32(json).toString(16).padStart(8, '0')
}

/** Takes any octets. A line that is torn or not as it was written counts as one flow that was dropped. */
export function readSegment(bytes: Uint8Array, nowMs: number): SegmentContent {
  const flows: StoredFlow[] = []
  const drops: FlowDrop[] = []
  let damaged = 0
  const lines = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8').split('\n')
  const torn = lines.pop()
  for (const line of lines) {
    const read = readLine(line)
    if (read === null) damaged++
    else if ('reason' in read) drops.push(read)
    else flows.push(read)
  }
  if (torn !== '') damaged++
  if (damaged > 0) drops.push({ time: new Date(nowMs).toISOString(), reason: 'damaged', count: damaged })
  return { flows, drops }
}

function readLine(line: string): StoredFlow | FlowDrop | null {
  const json = line.slice(9)
  if (line[8] !== ' ' || checksum(json) !== line.slice(0, 8)) return null
  const flow = parseStoredFlow(json)
  if (!('problem' in flow)) return flow
  const drop = DropSchema.safeParse(JSON.parse(json))
  return drop.success ? drop.data.dropped : null
}
