import type { SqlEngine } from '../engine/sql-engine.ts'
import { mostFlows, sumsOf, type TopRow } from './top-flows.ts'
import { fromFlows } from './top-parts.ts'

/** Destinations that were reached for the first time since then, the busiest first: of all that sums of days know. */
export async function newDestinations(engine: SqlEngine, sinceMs: number, limit: number): Promise<readonly TopRow[]> {
  const parts = fromFlows('destination', [], { sql: `destination != ''`, params: { since: sinceMs } })
  const isNew = 'min(f) >= fromUnixTimestamp64Milli({since:Int64})'
  return sumsOf(engine, parts, await mostFlows(engine, parts, ['n', 'f'], isNew, limit), limit)
}
