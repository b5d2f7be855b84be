import { parseFilter, TOP_BY, type TopBy } from '@sallyport/store'
import * as z from 'zod'
import { overview } from './overview.ts'
import { route, type Route } from './route.ts'

const Filter = z.string().max(4000).default('')
const limit = (most: number, usual: number): z.ZodDefault<z.ZodCoercedNumber> =>
  z.coerce.number().int().min(1).max(most).default(usual)

export const FLOW_ROUTES: readonly Route[] = [
  route({
    method: 'GET',
    path: '/overview',
    role: 'viewer',
    summary: 'What left, what was stopped, what is new, what is unusual',
    query: z.strictObject({ hours: limit(24 * 90, 24) }),
    body: null,
    handle: ({ query }, context) => overview(context, query.hours),
  }),
  route({
    method: 'GET',
    path: '/flows',
    role: 'viewer',
    summary: 'Flows, newest first; `next` begins the page after this one',
    query: z.strictObject({ filter: Filter, limit: limit(1000, 100), after: z.string().max(500).optional() }),
    body: null,
    handle: ({ query }, { flows, nowMs }) =>
      flows.list(parseFilter([query.filter], nowMs()), {
        limit: query.limit,
        ...(query.after === undefined ? {} : { after: query.after }),
      }),
  }),
  route({
    method: 'GET',
    path: '/top',
    role: 'viewer',
    summary: 'The busiest destinations, applications, users, countries, …',
    query: z.strictObject({ by: z.enum(TOP_BY as [TopBy, ...TopBy[]]), filter: Filter, limit: limit(1000, 100) }),
    body: null,
    handle: async ({ query }, { flows, nowMs }) => ({
      rows: await flows.top(query.by, parseFilter([query.filter], nowMs()), query.limit),
    }),
  }),
]
