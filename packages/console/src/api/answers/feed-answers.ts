import * as z from 'zod'
import type { FeedRow } from '../feed-routes.ts'

const text = z.string().nullable()
const time = z.number().nullable()
const row = {
  name: z.string(),
  state: z.enum(['in force', 'never fetched', 'held', 'failing']),
  source: z.string(),
  format: text,
  entries: z.int(),
  unusable: z.int(),
  keptOut: z.int(),
  fetchedMs: time,
  checkedMs: time,
  refreshSeconds: z.number(),
  problem: text,
}
export const FeedRowAnswer: z.ZodType<FeedRow> = z.strictObject(row)
export const FeedAnswer: z.ZodType = z.strictObject({
  ...row,
  lines: z
    .strictObject({
      count: z.int(),
      byReason: z.record(z.string(), z.int()),
      shown: z.array(z.strictObject({ line: z.int(), reason: z.string(), text: z.string() })),
    })
    .nullable()
    .describe('Lines that could not be used; null: there is no copy.'),
  quarantine: z
    .strictObject({ count: z.int(), shown: z.array(z.strictObject({ entry: z.string(), reason: z.string() })) })
    .nullable()
    .describe('Entries that are kept out; null: there is no copy.'),
  released: z.array(z.string()),
})
