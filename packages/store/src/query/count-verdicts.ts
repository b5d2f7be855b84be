import type { RecordedVerdict } from '@sallyport/flow'
import type { SqlEngine } from '../engine/sql-engine.ts'
import { FLOW_DAY, FLOW_SUMS } from '../schema/day-sums.ts'
import { DAY_S } from './span.ts'

export type VerdictCount = {
  /** Null where nothing decided. */
  readonly verdict: RecordedVerdict['verdict'] | null
  readonly mode: RecordedVerdict['mode'] | null
  readonly flows: number
}

/** How many flows since then had which verdict, under rules that enforce and under rules that watch. */
export async function countVerdicts(engine: SqlEngine, sinceMs: number): Promise<readonly VerdictCount[]> {
  const firstDay = Math.ceil(sinceMs / 1000 / DAY_S)
  const counted = (which: string): string =>
    `SELECT verdict, mode, ${FLOW_SUMS.flows} AS n FROM flows WHERE ${which} GROUP BY verdict, mode`
  const rows = await engine.query(
    `SELECT toString(verdict) AS v, toString(mode) AS m, sum(n) AS n FROM (
      ${counted(`${FLOW_DAY} >= toDate({firstDay:UInt16})`)} UNION ALL
      ${counted(`time >= fromUnixTimestamp64Milli({since:Int64}) AND time < fromUnixTimestamp({firstDayS:Int64})`)}
    ) GROUP BY v, m`,
    { since: sinceMs, firstDay, firstDayS: firstDay * DAY_S },
  )
  return rows.map(({ v, m, n }) => ({
    verdict: v === '' ? null : (v as RecordedVerdict['verdict']),
    mode: m === '' ? null : (m as RecordedVerdict['mode']),
    flows: Number(n),
  }))
}
