import * as z from 'zod'
import { PROTOCOLS } from '../protocol.ts'
import { closed, oneOrMany } from './closed.ts'
import type { DestinationInput, PostureInput, RuleInput, ScheduleInput, SubjectInput } from './input.ts'

const text: z.ZodString = z.string().min(1)
const texts: z.ZodType<string | readonly string[]> = oneOrMany(text)
const asn: z.ZodNumber = z.int().min(0).max(4294967295)

/** A posture: each condition with its value, or with alternatives. */
export const PostureSchema: z.ZodType<PostureInput> = z
  .record(z.string(), oneOrMany(z.union([z.boolean(), z.number(), z.string()])))
  .describe('Conditions on posture facts; all must hold.')

export const SubjectSchema: z.ZodType<SubjectInput> = z.union([
  text.describe('A name defined under define.subjects.'),
  closed('a subject', {
    user: texts.optional(),
    group: texts.optional(),
    app: texts.optional().describe('Absolute path with globs, or sha256:… of the executable.'),
    unit: texts.optional().describe('systemd unit, with globs.'),
    container: texts.optional(),
    device: texts.optional(),
    tag: texts.optional(),
    posture: oneOrMany(z.union([text, PostureSchema])).optional(),
    network: texts.optional().describe('Source prefix.'),
  }),
])

export const DestinationSchema: z.ZodType<DestinationInput> = z.union([
  text.describe('A name defined under define.destinations, else an address or prefix, else a domain.'),
  closed('a destination', {
    domain: texts.optional().describe('example.com, *.example.com (below it), .example.com (both).'),
    ip: texts.optional().describe('Address or prefix.'),
    country: texts.optional().describe('ISO 3166-1 alpha-2, upper case.'),
    continent: texts.optional().describe('AF AN AS EU NA OC SA'),
    asn: oneOrMany(asn).optional(),
    service: texts.optional(),
    feed: texts.optional(),
    category: texts.optional(),
  }),
])

export const ScheduleSchema: z.ZodType<ScheduleInput> = closed('a schedule', {
  days: texts.optional().describe('sun mon tue wed thu fri sat, or ranges of them: mon-fri.'),
  hours: texts.optional().describe('08:00-18:00; may run over midnight.'),
  zone: text.optional().describe('IANA time zone.'),
})

const quantity = z.union([text, z.int().min(0)]).optional()

export const RuleSchema: z.ZodType<RuleInput> = closed('a rule', {
  id: text.describe('Verdicts, logs and alerts cite it.'),
  action: z.enum(['allow', 'deny', 'pass']),
  how: z.enum(['reject', 'drop', 'sinkhole']).optional().describe('How a denied connection ends.'),
  mode: z.enum(['enforce', 'monitor']).optional(),
  from: oneOrMany(SubjectSchema).optional(),
  to: oneOrMany(DestinationSchema).optional(),
  except: closed('except', {
    from: oneOrMany(SubjectSchema).optional(),
    to: oneOrMany(DestinationSchema).optional(),
  }).optional(),
  ports: oneOrMany(z.union([z.int(), text]))
    .optional()
    .describe('443, 8000-8999, tcp/22, udp/53, icmp'),
  protocol: oneOrMany(z.enum(PROTOCOLS)).optional(),
  http: closed('http', {
    host: texts.optional(),
    path: texts.optional().describe('Glob: * within a segment, ** across.'),
    method: texts.optional(),
    contentType: texts.optional(),
  }).optional(),
  content: closed('content', { dlp: texts }).optional(),
  assurance: z.enum(['verified', 'dns']).optional().describe('dns: a name bound by DNS is enough.'),
  when: oneOrMany(z.union([text, ScheduleSchema])).optional(),
  until: text.optional().describe('YYYY-MM-DD, through that day; or an RFC 3339 instant.'),
  limit: closed('limit', { bytesOut: quantity, bytesIn: quantity, connections: quantity }).optional(),
  alert: z.enum(['low', 'medium', 'high', 'critical']).optional(),
  log: z.boolean().optional(),
  inspect: z.enum(['tls']).optional(),
  headers: z.record(z.string(), z.string()).optional().describe('Set by the proxy on the requests that the rule allows.'),
  ticket: z.union([text, z.int()]).optional(),
  reason: z.string().optional(),
  description: z.string().optional(),
})
