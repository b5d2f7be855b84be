import type { SqlEngine } from '../engine/sql-engine.ts'
import type { SqlCondition } from '../filter/filter-sql.ts'
import { END_OF_TIME_MS } from '../ingest/flow-rows.ts'

const NEAR_FLOWS = 2_000_000

export type Newest = {
  readonly which: SqlCondition
  /** Holds for the same flows, and is known where `which` is not: rows of a projection lie together by it. */
  readonly together: SqlCondition
  /** What `which` leaves is not older. */
  readonly sinceMs: number
  /** All times are before that. */
  readonly untilMs: number
  /** Of flows: each has a row of its beginning, of its end, or both. */
  readonly count: number
  /** So many of the newest flows are looked through first, in the order of the table. */
  readonly lookThrough?: number
}

/**
 * Times of the rows of the newest flows, `count` at least where there are so many. Most filters find enough among the newest flows, which are read along the order of the table
 * and no further than they have to be: ClickHouse by itself would read and sort a whole projection, as it has the fewest rows to
 * read. Where there are too few, projections have what is rare together.
 */
export async function newestTimes(engine: SqlEngine, newest: Newest): Promise<readonly number[]> {
  const { together, sinceMs, count, lookThrough = NEAR_FLOWS } = newest
  const untilMs = Math.min(newest.untilMs, END_OF_TIME_MS)
  const which = {
    sql: `${newest.which.sql} AND time < fromUnixTimestamp64Milli({until:Int64}, 'UTC')`,
    params: { ...newest.which.params, until: untilMs },
  }
  const nearMs = await nearSince(engine, untilMs - 1, lookThrough)
  // No projection has `batch`.
  const near = await times(engine, which, count, {
    sql: `time >= fromUnixTimestamp64Milli({near:Int64}, 'UTC')`,
    order: 'time DESC, batch DESC',
    params: { near: nearMs },
  })
  if (near.isEnough || nearMs <= sinceMs) return near.times
  return (await times(engine, which, count, { ...together, order: 'time DESC' })).times
}

type Reading = { readonly sql: string; readonly order: string; readonly params: SqlCondition['params'] }

/** No flow is counted twice that begins in one row and ends in another of the same time. */
async function times(
  engine: SqlEngine,
  which: SqlCondition,
  count: number,
  { sql, order, params }: Reading,
): Promise<{ readonly times: readonly number[]; readonly isEnough: boolean }> {
  const most = 2 * count
  const rows = await engine.query(
    `SELECT toUnixTimestamp64Milli(time) AS t, started FROM flows WHERE ${which.sql} AND ${sql} ORDER BY ${order} LIMIT {most:UInt32}`,
    { ...which.params, ...params, most },
  )
  let begun = 0
  const last = rows.find(({ started }) => Number(started) === 1 && ++begun === count)
  const enough = last === undefined ? rows : rows.filter(({ t }) => Number(t) >= Number(last['t']))
  return { times: enough.map(({ t }) => Number(t)), isEnough: last !== undefined || rows.length === most }
}

/** The hour in which the newest flows before then begin; 0 when there are no more than those. */
async function nearSince(engine: SqlEngine, untilMs: number, flows: number): Promise<number> {
  const [row] = await engine.query(
    `SELECT toUnixTimestamp(max(hour)) AS h FROM (
      SELECT hour, sum(sum(flows)) OVER (ORDER BY hour DESC) AS newer FROM top_hourly
      WHERE dimension = 'protocol' AND hour <= fromUnixTimestamp({until:Int64}) GROUP BY hour
    ) WHERE newer >= {flows:UInt64}`,
    { until: Math.floor(untilMs / 1000), flows },
  )
  return Number(row?.['h'] ?? 0) * 1000
}
