import { TRANSPORTS } from '@sallyport/net'
import * as z from 'zod'
import { PROTOCOLS } from '../protocol.ts'
import { closed } from './closed.ts'
import type { FlowInput } from './input.ts'

const text = z.string().nullable().optional()
const texts = z.array(z.string()).nullable().optional()
const count = z.number().min(0).nullable().optional()

/** A missing key is unknown; `null` is known to be none. */
export const FlowSchema: z.ZodType<FlowInput> = closed('a flow', {
  time: z.union([z.string(), z.number()]).nullable().optional(),
  device: text,
  tags: texts,
  user: text,
  groups: texts,
  app: text,
  appSha256: text,
  unit: text,
  container: text,
  posture: z
    .record(z.string(), z.union([z.boolean(), z.number(), z.string(), z.null()]))
    .nullable()
    .optional(),
  src: text,
  dst: text,
  port: z.int().min(0).max(65535).nullable().optional(),
  transport: z
    .enum([...TRANSPORTS, 'other'])
    .nullable()
    .optional(),
  domain: text,
  boundNames: texts,
  protocol: z.enum(PROTOCOLS).nullable().optional(),
  http: closed('http', { host: text, path: text, method: text, contentType: text }).nullable().optional(),
  country: text,
  asn: z.int().min(0).max(4294967295).nullable().optional(),
  content: texts,
  bytesOut: count,
  bytesIn: count,
  packetsOut: count,
  packetsIn: count,
  durationMs: count,
})
