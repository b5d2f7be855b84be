import { parseFilter, TOP_BY, type TopBy } from '@sallyport/store'
import * as z from 'zod'
import { DestinationAnswer, FlowAnswer, OverviewAnswer, TopAnswer } from './answers/flow-answers.ts'
import { listRoute } from './list/list-route.ts'
import { offsetOf, pageOf } from './list/page-of.ts'
import { route, type Route } from './route.ts'

const Filter = z.string().max(4000).default('')
const limit = (most: number, usual: number): z.ZodDefault<z.ZodCoercedNumber> =>
  z.coerce.number().int().min(1).max(most).default(usual)

const FLOW_COLUMNS = [
  'time',
  'verdict.verdict',
  'verdict.mode',
  'verdict.rule',
  'verdict.reason',
  'domain',
  'boundNames',
  'dst',
  'port',
  'transport',
  'protocol',
  'app',
  'user',
  'unit',
  'container',
  'device',
  'src',
  'country',
  'asn',
  'bytesOut',
  'bytesIn',
  'durationMs',
]

const DESTINATION_COLUMNS = [
  'destination',
  'countries',
  'networks',
  'flows',
  'denied',
  'bytesOut',
  'bytesIn',
  'apps',
  'users',
  'firstSeen',
  'lastSeen',
]

export const FLOW_ROUTES: readonly Route[] = [
  route({
    method: 'GET',
    path: '/overview',
    role: 'viewer',
    summary: 'What left, what was stopped, what is new, what is unusual',
    query: z.strictObject({ hours: limit(24 * 90, 24) }),
    body: null,
    answer: OverviewAnswer,
    handle: ({ query }, { overviews }) => overviews.at(query.hours),
  }),
  listRoute({
    path: '/flows',
    role: 'viewer',
    summary: 'Flows, newest first, by a filter as of `sallyport flows`',
    name: 'flows',
    row: FlowAnswer,
    columns: FLOW_COLUMNS,
    query: { filter: Filter },
    live: ['stored'],
    page: async ({ filter }, at, { flows, nowMs }) => {
      const { flows: rows, next } = await flows.list(parseFilter([filter], nowMs()), at)
      return { rows, next }
    },
  }),
  listRoute({
    path: '/top',
    role: 'viewer',
    summary: 'The busiest destinations, applications, users, countries, … of the flows that a filter leaves',
    name: 'rows',
    row: TopAnswer,
    columns: ['key', 'flows', 'denied', 'bytesOut', 'bytesIn', 'firstSeen', 'lastSeen'],
    query: { by: z.enum(TOP_BY as [TopBy, ...TopBy[]]), filter: Filter },
    live: ['stored'],
    isSum: true,
    page: async ({ by, filter }, at, { flows, nowMs }) => {
      const wanted = offsetOf(at.after) + at.limit + 1
      return pageOf(await flows.top(by, parseFilter([filter], nowMs()), wanted), at)
    },
  }),
  listRoute({
    path: '/destinations',
    role: 'viewer',
    summary:
      'The busiest destinations with their countries and networks, and how many applications and users went there',
    name: 'destinations',
    row: DestinationAnswer,
    columns: DESTINATION_COLUMNS,
    query: { filter: Filter },
    live: ['stored'],
    isSum: true,
    page: async ({ filter }, at, { flows, nowMs, networkNames }) => {
      const wanted = offsetOf(at.after) + at.limit + 1
      const { rows, next } = pageOf(await flows.destinations(parseFilter([filter], nowMs()), wanted), at)
      const nameOf = await networkNames()
      const named = rows.map(({ networks, ...row }) => {
        return { ...row, networks: networks.map((asn) => ({ asn, name: nameOf.get(asn) || null })) }
      })
      return { rows: named, next }
    },
  }),
]
