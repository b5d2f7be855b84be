import { DETECTORS } from '@sallyport/detect'
import * as z from 'zod'
import { isMuted } from '@sallyport/store'
import { RemovedAnswer } from './answers/account-answers.ts'
import { AlertAnswer, ClosedAnswer, DeliveriesAnswer, MuteAnswer } from './answers/alert-answers.ts'
import { audited } from './audited.ts'
import { listRoute } from './list/list-route.ts'
import { containing, pageOf } from './list/page-of.ts'
import { Search } from './list/search.ts'
import { route, type Route } from './route.ts'

const Id = z.strictObject({ id: z.uuid() })
const Name = z.string().min(1).max(500).nullable().default(null)
const MAX_MUTE_HOURS = 24 * 365

export const ALERT_ROUTES: readonly Route[] = [
  listRoute({
    path: '/alerts',
    role: 'viewer',
    summary: 'Alerts with their evidence, newest first; `muted` ones are marked',
    name: 'alerts',
    row: AlertAnswer,
    columns: [
      'firstMs',
      'lastMs',
      'detector',
      'severity',
      'subject',
      'destination',
      'sentence',
      'technique.id',
      'numbers',
      'muted',
      'closedMs',
      'closedBy',
      'id',
    ],
    query: {
      open: z.enum(['true', 'false']).default('true'),
      detector: z.enum(DETECTORS).optional(),
      severity: z.enum(['low', 'medium', 'high', 'critical']).optional(),
    },
    most: 500,
    live: ['alerts', 'audit'],
    page: async ({ open, detector, severity }, at, { state, nowMs }) => {
      const { alerts, next } = await state.alerts.list({ ...at, open: open === 'true', detector, severity })
      const mutes = await state.mutes.list(nowMs())
      return { rows: alerts.map((alert) => ({ ...alert, muted: isMuted(alert, mutes) })), next }
    },
  }),
  route({
    method: 'POST',
    path: '/alerts/:id/close',
    role: 'analyst',
    summary: 'Somebody has looked into it',
    query: Id,
    body: null,
    answer: ClosedAnswer,
    handle: async ({ query, caller }, context) => {
      const by = caller.session!.user.name
      const closed = await context.state.alerts.close(query.id, by, context.nowMs())
      if (closed) await audited(context, by, 'close alert', query.id)
      return { closed }
    },
  }),
  route({
    method: 'GET',
    path: '/deliveries',
    role: 'viewer',
    summary: 'Where alerts and flows are sent, and how many were sent, wait, or were dropped',
    query: null,
    body: null,
    answer: DeliveriesAnswer,
    handle: (_request, { deliveries }) => deliveries(),
  }),
  listRoute({
    path: '/mutes',
    role: 'viewer',
    summary: 'Mutes that still hold, newest first',
    name: 'mutes',
    row: MuteAnswer,
    columns: ['createdMs', 'untilMs', 'detector', 'subject', 'destination', 'author', 'reason', 'id'],
    query: { search: Search },
    live: ['audit'],
    page: async ({ search }, at, { state, nowMs }) => pageOf(containing(await state.mutes.list(nowMs()), search), at),
  }),
  route({
    method: 'POST',
    path: '/mutes',
    role: 'analyst',
    summary: 'Mute alerts of a detector, subject or destination for some hours; null stands for any',
    query: null,
    body: z
      .strictObject({
        detector: z.enum(DETECTORS).nullable().default(null),
        subject: Name,
        destination: Name,
        hours: z.number().positive().max(MAX_MUTE_HOURS),
        reason: z.string().max(2000).default(''),
      })
      .refine(({ detector, subject, destination }) => [detector, subject, destination].some((part) => part !== null), {
        message: 'a mute names a detector, a subject or a destination',
      }),
    answer: MuteAnswer,
    handle: async ({ body: { hours, ...what }, caller }, context) => {
      const author = caller.session!.user.name
      const createdMs = context.nowMs()
      const untilMs = createdMs + Math.round(hours * 3_600_000)
      const mute = await context.state.mutes.add({ ...what, author, createdMs, untilMs })
      await audited(context, author, 'mute', mute.id)
      return mute
    },
  }),
  route({
    method: 'DELETE',
    path: '/mutes/:id',
    role: 'analyst',
    summary: 'End a mute',
    query: Id,
    body: null,
    answer: RemovedAnswer,
    handle: async ({ query, caller }, context) => {
      const removed = await context.state.mutes.remove(query.id)
      if (removed) await audited(context, caller.session!.user.name, 'end mute', query.id)
      return { removed }
    },
  }),
]
