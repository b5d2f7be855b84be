import { DETECTORS } from '@sallyport/detect'
import type { TopRow } from '@sallyport/store'
import * as z from 'zod'
import type { Overview } from '../overview.ts'

const text = z.string().nullable().optional()
const texts = z.array(z.string()).nullable().optional()
const count = z.number().nullable().optional()
const object = z.record(z.string(), z.unknown()).nullable().optional()

/** A fact that is missing was not known; null is known to be none. */
export const FlowAnswer: z.ZodType = z.strictObject({
  time: z.string(),
  device: text,
  tags: texts,
  user: text,
  groups: texts,
  app: text,
  appSha256: text,
  unit: text,
  container: text,
  posture: object,
  src: text,
  dst: text,
  port: count,
  transport: text,
  domain: text,
  boundNames: texts,
  protocol: text,
  http: object,
  country: text,
  asn: count,
  content: texts,
  bytesOut: count,
  bytesIn: count,
  packetsOut: count,
  packetsIn: count,
  durationMs: count,
  parents: z.array(z.string()).optional().describe('Executables of the processes above, the nearest first.'),
  verdict: z
    .strictObject({
      verdict: z.enum(['allow', 'deny', 'undetermined']),
      rule: z.string().nullable(),
      layer: z.string(),
      mode: z.enum(['enforce', 'monitor']),
      stage: z.string(),
      reason: z.string(),
      explain: z.string(),
    })
    .nullable(),
})

const counted = {
  flows: z.int(),
  denied: z.int(),
  bytesOut: z.number(),
  bytesIn: z.number(),
  firstSeen: z.string(),
  lastSeen: z.string(),
}
const Top = z.strictObject({ key: z.string(), ...counted })
export const TopAnswer: z.ZodType<TopRow> = Top
export const DestinationAnswer: z.ZodType = z.strictObject({
  destination: z.string(),
  ...counted,
  countries: z.array(z.string()),
  networks: z.array(z.strictObject({ asn: z.int(), name: z.string().nullable() })),
  apps: z.int(),
  users: z.int(),
})
export const OverviewAnswer: z.ZodType<Overview> = z.strictObject({
  flows: z.int(),
  left: z.int(),
  stopped: z.int(),
  wouldStop: z.int(),
  dropped: z.record(z.string(), z.int()),
  openAlerts: z.int().describe('Those that are muted aside.'),
  alerts: z.array(
    z.strictObject({
      id: z.string(),
      severity: z.enum(['low', 'medium', 'high', 'critical']),
      detector: z.enum(DETECTORS),
      sentence: z.string(),
      lastMs: z.number(),
    }),
  ),
  destinations: z.array(Top),
  apps: z.array(Top),
  stoppedDestinations: z.array(Top),
  newDestinations: z.array(Top),
  hours: z
    .array(z.tuple([z.number(), z.int(), z.int()]))
    .describe('When an hour begins, its flows, and how many of them were refused or would be.'),
})
