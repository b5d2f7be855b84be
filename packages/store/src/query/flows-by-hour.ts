import type { SqlEngine } from '../engine/sql-engine.ts'

/** How many flows each hour had, `[milliseconds, flows]`, oldest first: from the rolled-up hours, summed in the store. */
export async function flowsByHour(
  engine: SqlEngine,
  sinceMs: number,
): Promise<readonly (readonly [hourMs: number, flows: number])[]> {
  const rows = await engine.query(
    `SELECT toUnixTimestamp(hour) AS h, sum(flows) AS n FROM top_hourly
    WHERE dimension = 'protocol' AND hour >= fromUnixTimestamp({since:Int64}) GROUP BY h ORDER BY h`,
    { since: Math.floor(sinceMs / 1000) },
  )
  return rows.map((row) => [Number(row['h']) * 1000, Number(row['n'])] as const)
}
