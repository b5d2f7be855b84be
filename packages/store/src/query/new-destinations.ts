import type { SqlEngine } from '../engine/sql-engine.ts'
import { fromFlows, mostFlows, type TopRow } from './top-flows.ts'

/** Destinations that were reached for the first time since then, the busiest first: of all that sums of days know. */
export async function newDestinations(engine: SqlEngine, sinceMs: number, limit: number): Promise<readonly TopRow[]> {
  const all = fromFlows('destination', [], { sql: `destination != ''`, params: { since: sinceMs } })
  return mostFlows(engine, all, 'min(f) >= fromUnixTimestamp64Milli({since:Int64})', limit)
}
