import type { SqlEngine } from '../engine/sql-engine.ts'

/** Flows that began in an hour, and how many of them a rule or the default refused or would. */
export type HourCount = readonly [hourMs: number, flows: number, refused: number]

/** Oldest first: from the rolled-up hours, summed in the store. */
export async function flowsByHour(engine: SqlEngine, sinceMs: number): Promise<readonly HourCount[]> {
  const rows = await engine.query(
    `SELECT toUnixTimestamp(hour) AS h, sum(flows) AS n, sumIf(flows, verdict IN ('deny', 'undetermined')) AS r FROM top_hourly
    WHERE dimension = 'protocol' AND hour >= fromUnixTimestamp({since:Int64}) GROUP BY h ORDER BY h`,
    { since: Math.floor(sinceMs / 1000) },
  )
  return rows.map((row) => [Number(row['h']) * 1000, Number(row['n']), Number(row['r'])] as const)
}
