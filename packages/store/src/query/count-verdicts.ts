import type { RecordedVerdict } from '@sallyport/flow'
import type { SqlEngine } from '../engine/sql-engine.ts'

export type VerdictCount = {
  /** Null where nothing decided. */
  readonly verdict: RecordedVerdict['verdict'] | null
  readonly mode: RecordedVerdict['mode'] | null
  readonly flows: number
}

/** How many flows since then had which verdict, under rules that enforce and under rules that watch. */
export async function countVerdicts(engine: SqlEngine, sinceMs: number): Promise<readonly VerdictCount[]> {
  const rows = await engine.query(
    `SELECT toString(verdict) AS v, toString(mode) AS m, sum(started) AS n FROM flows
    WHERE time >= fromUnixTimestamp64Milli({since:Int64}) GROUP BY v, m`,
    { since: sinceMs },
  )
  return rows.map(({ v, m, n }) => ({
    verdict: v === '' ? null : (v as RecordedVerdict['verdict']),
    mode: m === '' ? null : (m as RecordedVerdict['mode']),
    flows: Number(n),
  }))
}
