import { deskTicks } from './list/desk-ticks.ts'
import { serverSentEvent } from './list/server-sent-event.ts'
import { route, type Route } from './route.ts'
import { Streamed } from './streamed.ts'

export const EVENT_ROUTES: readonly Route[] = [
  route({
    method: 'GET',
    path: '/events',
    role: 'viewer',
    summary:
      'That something happened, as server-sent events: `stored`, `alerts`, `overview`, `policy`, `feeds`, `audit`',
    query: null,
    body: null,
    answer: null,
    handle: (_input, { events }) =>
      new Streamed('text/event-stream', null, async function* (signal) {
        for await (const tick of deskTicks(events, signal))
          yield tick === null || tick === 'open' ? `: ${tick ?? 'still here'}\n\n` : serverSentEvent(tick, '{}')
      }),
  }),
]
