import { DETECTORS } from '@sallyport/detect'
import * as z from 'zod'
import { isMuted } from '@sallyport/store'
import { route, type Route } from './route.ts'

const Id = z.strictObject({ id: z.uuid() })
const Name = z.string().min(1).max(500).nullable().default(null)
const MAX_MUTE_HOURS = 24 * 365

export const ALERT_ROUTES: readonly Route[] = [
  route({
    method: 'GET',
    path: '/alerts',
    role: 'viewer',
    summary: 'Alerts with their evidence, newest first; `muted` ones are marked',
    query: z.strictObject({
      open: z.enum(['true', 'false']).default('true'),
      limit: z.coerce.number().int().min(1).max(500).default(100),
      after: z.string().max(200).optional(),
    }),
    body: null,
    handle: ({ query: { open, limit, after } }, { state, nowMs }) => {
      const page = state.alerts.list({ limit, open: open === 'true', ...(after === undefined ? {} : { after }) })
      const mutes = state.mutes.list(nowMs())
      return { ...page, alerts: page.alerts.map((alert) => ({ ...alert, muted: isMuted(alert, mutes) })) }
    },
  }),
  route({
    method: 'POST',
    path: '/alerts/:id/close',
    role: 'analyst',
    summary: 'Somebody has looked into it',
    query: Id,
    body: null,
    handle: ({ query, caller }, { state, nowMs }) => {
      const by = caller.session!.user.name
      const closed = state.alerts.close(query.id, by, nowMs())
      if (closed) state.audit.add({ timeMs: nowMs(), actor: by, action: 'close alert', target: query.id })
      return { closed }
    },
  }),
  route({
    method: 'GET',
    path: '/mutes',
    role: 'viewer',
    summary: 'Mutes that still hold',
    query: null,
    body: null,
    handle: (_input, { state, nowMs }) => ({ mutes: state.mutes.list(nowMs()) }),
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
    handle: ({ body: { hours, ...what }, caller }, { state, nowMs }) => {
      const author = caller.session!.user.name
      const mute = state.mutes.add({ ...what, author, createdMs: nowMs(), untilMs: nowMs() + hours * 3_600_000 })
      state.audit.add({ timeMs: nowMs(), actor: author, action: 'mute', target: mute.id })
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
    handle: ({ query, caller }, { state, nowMs }) => {
      const removed = state.mutes.remove(query.id)
      if (removed)
        state.audit.add({ timeMs: nowMs(), actor: caller.session!.user.name, action: 'end mute', target: query.id })
      return { removed }
    },
  }),
]
