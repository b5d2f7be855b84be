import { DROP_REASONS, type FlowDrop } from '@sallyport/flow'
import * as z from 'zod'
import type { FlowRows } from '../ingest/flow-row-writer.ts'

/** What a segment holds: all whole flows of it, and what is known to be missing. */
export type SegmentContent = { readonly flows: FlowRows; readonly drops: readonly FlowDrop[] }

const DropSchema = z.strictObject({
  dropped: z.strictObject({ time: z.iso.datetime(), reason: z.enum(DROP_REASONS), count: z.int().nonnegative() }),
})

export function parseDrop(json: string): FlowDrop | null {
  let value: unknown
  try {
    value = JSON.parse(json)
  } catch {
    return null
  }
  const drop = DropSchema.safeParse(value)
  return drop.success ? drop.data.dropped : null
}

export function withDamage(drops: readonly FlowDrop[], damaged: number, nowMs: number): readonly FlowDrop[] {
  return damaged === 0 ? drops : [...drops, { time: new Date(nowMs).toISOString(), reason: 'damaged', count: damaged }]
}
