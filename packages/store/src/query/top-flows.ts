import type { Row, SqlEngine } from '../engine/sql-engine.ts'
import type { FlowFilter } from '../filter/condition.ts'
import { haveDaySums } from '../schema/day-sums.ts'
import { columnsAsked } from './span.ts'
import { topParts, type PartSum, type TopBy, type TopParts } from './top-parts.ts'

export type TopRow = {
  readonly key: string
  readonly flows: number
  readonly denied: number
  readonly bytesOut: number
  readonly bytesIn: number
  readonly firstSeen: string
  readonly lastSeen: string
}

const ALL_SUMS: readonly PartSum[] = ['n', 'sent', 'received', 'f', 'l']

/** Most flows first; equal counts by key. */
export async function topFlows(
  engine: SqlEngine,
  by: TopBy,
  filter: FlowFilter,
  limit: number,
): Promise<readonly TopRow[]> {
  const parts = topParts(by, filter)
  // Destinations are so many that most of the work is in sums of those that are not shown. Those of one lie together where `by_visited` knows them.
  const isOfFew = by === 'destination' && haveDaySums(columnsAsked(filter), ['by_visited'])
  return sumsOf(engine, parts, isOfFew ? await mostFlows(engine, parts, ['n'], '1', limit) : null, limit)
}

/** The keys with most flows for which `having` holds, which names no other sums. */
export async function mostFlows(
  engine: SqlEngine,
  parts: TopParts,
  sums: readonly PartSum[],
  having: string,
  limit: number,
): Promise<readonly string[]> {
  const { sql, params } = parts({ sums, byVerdict: false, keys: null })
  const rows = await engine.query(
    `SELECT k FROM (${sql}) GROUP BY k HAVING ${having} ORDER BY sum(n) DESC, k LIMIT {limit:UInt32}`,
    { ...params, limit },
  )
  return rows.map(({ k }) => String(k))
}

/** Of these keys, or of all. */
export async function sumsOf(
  engine: SqlEngine,
  parts: TopParts,
  keys: readonly string[] | null,
  limit: number,
): Promise<readonly TopRow[]> {
  if (keys?.length === 0) return []
  const { sql, params } = parts({ sums: ALL_SUMS, byVerdict: true, keys })
  const rows = await engine.query(
    `SELECT k, sum(n) AS flows, sumIf(n, v = 'deny') AS denied, sum(sent) AS sentAll, sum(received) AS receivedAll,
      toUnixTimestamp64Milli(min(f)) AS first, toUnixTimestamp64Milli(max(l)) AS last
    FROM (${sql}) GROUP BY k ORDER BY flows DESC, k LIMIT {limit:UInt32}`,
    { ...params, limit },
  )
  return rows.map(readTopRow)
}

function readTopRow(row: Row): TopRow {
  return {
    key: String(row['k']),
    flows: Number(row['flows']),
    denied: Number(row['denied']),
    bytesOut: Number(row['sentAll']),
    bytesIn: Number(row['receivedAll']),
    firstSeen: new Date(Number(row['first'])).toISOString(),
    lastSeen: new Date(Number(row['last'])).toISOString(),
  }
}
