import { subscriptionsOf, type FeedState, type Subscription } from '@sallyport/catalog'
import * as z from 'zod'
import { FeedAnswer, FeedRowAnswer } from './answers/feed-answers.ts'
import { FeedLookAnswer } from './answers/host-answers.ts'
import { ApiError } from './api-error.ts'
import type { ApiContext } from './api-context.ts'
import { listRoute } from './list/list-route.ts'
import { containing, pageOf } from './list/page-of.ts'
import { Search } from './list/search.ts'
import { policyInForce } from './policy-in-force.ts'
import { route, type Route } from './route.ts'

const COLUMNS = [
  'name',
  'state',
  'source',
  'format',
  'entries',
  'unusable',
  'keptOut',
  'fetchedMs',
  'checkedMs',
  'refreshSeconds',
  'problem',
]
const Name = z.strictObject({ name: z.string().min(1).max(200) })

export const FEED_ROUTES: readonly Route[] = [
  listRoute({
    path: '/feeds',
    role: 'viewer',
    summary: 'The feeds of the policy in force: state, age, entries, what could not be used',
    name: 'feeds',
    row: FeedRowAnswer,
    columns: COLUMNS,
    query: { search: Search },
    live: ['feeds', 'policy'],
    page: async ({ search }, at, context) => pageOf(containing(await feedRows(context), search), at),
  }),
  route({
    method: 'GET',
    path: '/feeds/:name',
    role: 'viewer',
    summary: 'One feed, with the lines that could not be used and the entries that are kept out',
    query: Name,
    body: null,
    answer: FeedAnswer,
    handle: async ({ query: { name } }, context) => {
      const feed = (await feedsOf(context)).find((each) => each.name === name)
      if (feed === undefined) throw new ApiError(404, 'name-unknown', `the policy in force has no feed ${name}`, '')
      const state = await context.feeds.state(feed)
      const { problems = null, quarantine = null } = state.current ?? {}
      return { ...feedRow(feed, state), lines: problems, quarantine, released: state.released }
    },
  }),
  route({
    method: 'POST',
    path: '/feeds/:name/refresh',
    role: 'analyst',
    summary: 'Look for a new copy now, and put it in force when nothing speaks against it',
    query: Name,
    body: null,
    answer: FeedLookAnswer,
    handle: async ({ query: { name }, caller }, { askHost, events }) => {
      const look = await askHost('/feeds/refresh', { name, author: caller.session!.user.name })
      events.emit({ kind: 'feeds' })
      return look
    },
  }),
]

async function feedsOf({ state }: ApiContext): Promise<readonly Subscription[]> {
  const policy = await policyInForce(state)
  return policy === null ? [] : subscriptionsOf(policy)
}

async function feedRows(context: ApiContext): Promise<readonly FeedRow[]> {
  const feeds = await feedsOf(context)
  return Promise.all(feeds.map(async (feed) => feedRow(feed, await context.feeds.state(feed))))
}

export type FeedRow = {
  readonly name: string
  readonly state: 'in force' | 'never fetched' | 'held' | 'failing'
  readonly source: string
  readonly format: string | null
  readonly entries: number
  readonly unusable: number
  readonly keptOut: number
  readonly fetchedMs: number | null
  readonly checkedMs: number | null
  readonly refreshSeconds: number
  readonly problem: string | null
}

function feedRow({ name, source, refreshSeconds }: Subscription, state: FeedState): FeedRow {
  const { current, held, checkedMs, failure } = state
  return {
    name,
    state: held !== null ? 'held' : failure !== null ? 'failing' : current === null ? 'never fetched' : 'in force',
    source: source.url ?? source.file ?? '',
    format: current?.format ?? null,
    entries: current?.entries ?? 0,
    unusable: current?.problems.count ?? 0,
    keptOut: current?.quarantine.count ?? 0,
    fetchedMs: current?.fetchedMs ?? null,
    checkedMs,
    refreshSeconds,
    problem: failure ?? (held === null ? null : `a new copy is held back: it ${held.reason}`),
  }
}
