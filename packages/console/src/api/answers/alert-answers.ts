import type { DeliveryStatus } from '@sallyport/deliver'
import { DETECTORS } from '@sallyport/detect'
import type { KeptAlert, Mute } from '@sallyport/store'
import * as z from 'zod'

const text = z.string().nullable()

export const AlertAnswer: z.ZodType<KeptAlert & { readonly muted: boolean }> = z.strictObject({
  id: z.string(),
  detector: z.enum(DETECTORS),
  severity: z.enum(['low', 'medium', 'high', 'critical']),
  technique: z.strictObject({ id: z.string(), name: z.string() }),
  subject: z.string(),
  destination: z.string(),
  sentence: z.string(),
  numbers: z.record(z.string(), z.number()),
  series: z.array(z.tuple([z.number(), z.number()])).describe('Milliseconds since 1970, value.'),
  firstMs: z.number(),
  lastMs: z.number(),
  closedMs: z.number().nullable(),
  closedBy: text,
  muted: z.boolean(),
})
export const ClosedAnswer: z.ZodType = z.strictObject({ closed: z.boolean() })
export const MuteAnswer: z.ZodType<Mute> = z.strictObject({
  id: z.string(),
  detector: text,
  subject: text,
  destination: text,
  untilMs: z.number(),
  reason: z.string(),
  author: z.string(),
  createdMs: z.number(),
})

const Delivery = z.strictObject({
  target: z.string(),
  sent: z.int(),
  failures: z.int(),
  waiting: z.int(),
  dropped: z.strictObject({ full: z.int(), refused: z.int(), unwritable: z.int() }),
})
export const DeliveriesAnswer: z.ZodType<{
  readonly alerts: readonly DeliveryStatus[]
  readonly flows: readonly DeliveryStatus[]
}> = z.strictObject({ alerts: z.array(Delivery), flows: z.array(Delivery) })
