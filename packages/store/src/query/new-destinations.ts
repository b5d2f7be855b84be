import type { SqlEngine } from '../engine/sql-engine.ts'
import { readTopRow, type TopRow } from './top-flows.ts'

const HOUR_S = 3600
/** So many of the busiest are held against what was there before. */
const LOOKED_AT = 5000

/** Destinations that were reached for the first time since then, the busiest first; from the rolled-up hours. */
export async function newDestinations(engine: SqlEngine, sinceMs: number, limit: number): Promise<readonly TopRow[]> {
  const rows = await engine.query(
    `WITH fresh AS (
      SELECT key, sum(flows) AS n, sumIf(flows, verdict = 'deny') AS refused, sum(bytesOut) AS sent, sum(bytesIn) AS got,
        min(first) AS f, max(last) AS l
      FROM top_hourly WHERE dimension = 'destination' AND key != '' AND hour >= fromUnixTimestamp({hour:Int64})
      GROUP BY key HAVING f >= fromUnixTimestamp64Milli({since:Int64}) ORDER BY n DESC, key LIMIT ${LOOKED_AT}
    )
    SELECT key AS k, n AS flows, refused AS denied, sent AS sentAll, got AS receivedAll,
      toUnixTimestamp64Milli(f) AS first, toUnixTimestamp64Milli(l) AS last
    FROM fresh WHERE k NOT IN (
      SELECT key FROM top_hourly WHERE dimension = 'destination' AND hour < fromUnixTimestamp({hour:Int64})
        AND key IN (SELECT key FROM fresh)
    ) ORDER BY flows DESC, k LIMIT {limit:UInt32}`,
    { since: sinceMs, hour: Math.floor(sinceMs / 1000 / HOUR_S) * HOUR_S, limit },
  )
  return rows.map(readTopRow)
}
