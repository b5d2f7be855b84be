import type { HostFeedLook, HostPolicyStatus, HostStatus } from '@sallyport/agent'
import { DROP_REASONS } from '@sallyport/flow'
import * as z from 'zod'

const Mode = z.enum(['monitor', 'enforce'])
const time = z.number().nullable()
const text = z.string().nullable()

export const PolicyStatusAnswer: z.ZodType<HostPolicyStatus> = z.strictObject({
  version: z.int().nullable().describe('In force; null: no policy was ever.'),
  confirmed: z.int().nullable().describe('Comes back when a trial is not confirmed.'),
  confirmByMs: time.describe('When the trial ends; null: there is none.'),
  mode: Mode,
  layers: z.array(z.string()),
  author: text,
  reason: text,
  createdMs: time,
  stateProblem: text.describe('Why the state store does not know this yet; null: it does.'),
})

const Feed = z.strictObject({
  name: z.string(),
  entries: z.int(),
  fetchedMs: time,
  checkedMs: time,
  problem: text,
})

export const HostStatusAnswer: z.ZodType<HostStatus> = z.strictObject({
  policy: PolicyStatusAnswer,
  startedMs: z.number(),
  guarding: z.string(),
  pid: z.int(),
  kernel: z.record(z.string(), z.unknown()).nullable().describe('Counters by name.'),
  spool: z.strictObject({ spooled: z.int(), dropped: z.record(z.enum(DROP_REASONS), z.int()), unsaid: z.int() }),
  layingOut: z
    .strictObject({ rows: z.int(), rowsLeft: z.int() })
    .nullable()
    .describe('Stored flows, and how many of them still lie as an earlier version laid them.'),
  room: z
    .strictObject({
      bytes: z.number(),
      flows: z.int(),
      oldestMs: time,
      limitBytes: z.number(),
      removedFlows: z.int(),
      isShort: z.boolean(),
    })
    .nullable()
    .describe(
      'What stored flows take on their disk and may take, since when there are some, and how many were removed to make room.',
    ),
  feeds: z.array(Feed),
})

export const FeedLookAnswer: z.ZodType<HostFeedLook> = z.strictObject({
  outcome: z.enum(['updated', 'unchanged', 'held', 'failed']),
  reason: text,
})
