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
  readonly count: number
  /** So many of the newest flows are looked through first, in the order of the table. */
  readonly lookThrough?: number
}

/**
 * Times of the newest rows, at most `count`. Most filters find enough among the newest flows, which are read along the order of the table
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
  if (near.length === count || nearMs <= sinceMs) return near
  return times(engine, which, count, { ...together, order: 'time DESC' })
}

type Reading = { readonly sql: string; readonly order: string; readonly params: SqlCondition['params'] }

async function times(
  engine: SqlEngine,
  which: SqlCondition,
  count: number,
  { sql, order, params }: Reading,
): Promise<readonly number[]> {
  const rows = await engine.query(
    `SELECT toUnixTimestamp64Milli(time) AS t FROM flows WHERE ${which.sql} AND ${sql} ORDER BY ${order} LIMIT {count:UInt32}`,
    { ...which.params, ...params, count },
  )
  return rows.map(({ t }) => Number(t))
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
