import * as z from 'zod'
import { FEED_FORMATS, FEED_KINDS } from '../feed-format.ts'
import type { FeedSource } from '../policy.ts'
import { closed, oneOrMany } from './closed.ts'
import { DnsSchema } from './dns-schema.ts'
import { FlowSchema } from './flow-schema.ts'
import type { PolicyInput, PolicyTestInput } from './input.ts'
import { DestinationSchema, PostureSchema, RuleSchema, ScheduleSchema, SubjectSchema } from './rule-schema.ts'

const text: z.ZodString = z.string().min(1)

/** A defined set may be empty, so that a list can be filled later. */
function definedSet<T>(item: z.ZodType<T>): z.ZodType<{ readonly [name: string]: T | readonly T[] }> {
  return z.record(z.string(), z.union([oneOrMany(item), z.array(item).max(0)]))
}

const FeedSchema: z.ZodType<FeedSource> = closed('a feed', {
  url: text.optional(),
  file: text.optional(),
  format: z.enum(FEED_FORMATS).optional().describe('Told from the content when left out.'),
  column: z.union([text, z.int().min(1)]).optional().describe('Of a CSV: name or number of the column.'),
  refresh: text.optional().describe('15min, 6h, 1d'),
  kind: z.enum(FEED_KINDS).optional().describe('Only entries of this kind are used.'),
  sha256: text.optional(),
  minisign: text.optional().describe('Public key; the signature is at the address of the list with .minisig after it.'),
})

const PolicyTestSchema: z.ZodType<PolicyTestInput> = closed('a test', {
  from: FlowSchema.optional().describe('Facts of the flow; those not given are null.'),
  to: text.optional().describe('URL, host:port or transport/host:port.'),
  expect: z.enum(['allow', 'deny', 'undetermined']),
  rule: text.nullable().optional(),
  time: z.union([text, z.number()]).optional(),
  description: z.string().optional(),
})

export const PolicySchema: z.ZodType<PolicyInput> = closed('a policy', {
  sallyport: z.literal(1).describe('Version of the language.'),
  name: text.optional(),
  description: z.string().optional(),
  mode: z.enum(['enforce', 'monitor']).optional(),
  default: z.enum(['allow', 'deny']).optional().describe('What no rule matches; deny unless said otherwise.'),
  quic: z
    .enum(['inspect', 'deny'])
    .optional()
    .describe('deny: QUIC is refused on every port, so that clients fall back to TCP; inspect unless said otherwise.'),
  zone: text.optional().describe('IANA time zone of dates and schedules; UTC unless said otherwise.'),
  define: closed('define', {
    destinations: definedSet(DestinationSchema).optional(),
    subjects: definedSet(SubjectSchema).optional(),
    postures: z.record(z.string(), PostureSchema).optional(),
    schedules: z.record(z.string(), ScheduleSchema).optional(),
  }).optional(),
  feeds: z.record(z.string(), FeedSchema).optional(),
  dns: DnsSchema.optional().describe('How the resolver answers.'),
  rules: z.array(RuleSchema).optional().describe('In order; the first that matches decides.'),
  tests: z.array(PolicyTestSchema).optional(),
})

/** JSON Schema of a policy file (draft 2020-12), for editors. */
export function policyJsonSchema(): Record<string, unknown> {
  const schema = z.toJSONSchema(PolicySchema, { io: 'input', reused: 'ref' }) as Record<string, unknown>
  return { ...schema, title: 'Sallyport policy' }
}
