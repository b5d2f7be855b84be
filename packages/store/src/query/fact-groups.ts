import { parseFlow, type Flow } from '@sallyport/policy'
import type { Row, SqlEngine } from '../engine/sql-engine.ts'
import type { FlowFilter } from '../filter/condition.ts'
import { filterSql } from '../filter/filter-sql.ts'

/** Flows that no policy can tell apart, with what became of them. */
export type FactGroup = {
  /** With a time where groups are by the minute. */
  readonly flow: Flow
  readonly count: number
  readonly firstMs: number
  readonly lastMs: number
  readonly bytesOut: number
  /** Null where the record says nothing. */
  readonly recorded: {
    readonly verdict: string
    readonly mode: string
    readonly rule: string | null
    readonly reason: string
  } | null
}

export type FactGroups = {
  readonly groups: readonly FactGroup[]
  /** Flows whose facts this version does not understand. */
  readonly unreadable: number
}

/**
 * Most flows of a machine repeat: each distinct set of facts is decided once, whatever the number of flows. A policy with
 * schedules needs the minute too; schedules and expiry change on no finer step.
 */
export async function factGroups(engine: SqlEngine, filter: FlowFilter, byMinute: boolean): Promise<FactGroups> {
  const where = filterSql(filter)
  const minute = byMinute ? 'toUnixTimestamp(toStartOfMinute(time))' : '0'
  const rows = await engine.query(
    `SELECT any(facts) AS f, verdict, mode, rule, reason, ${minute} AS m, sum(started) AS n, sum(ifNull(bytesOut, 0)) AS sent,
      toUnixTimestamp64Milli(min(time)) AS first, toUnixTimestamp64Milli(max(time)) AS last
    FROM flows WHERE ${where.sql} GROUP BY sipHash128(facts), verdict, mode, rule, reason, m`,
    where.params,
  )
  let unreadable = 0
  const groups = rows.flatMap((row) => {
    const flow = parseFlow(JSON.parse(String(row['f'])))
    if (!Array.isArray(flow)) return [groupOf(row, byMinute ? { ...flow, time: Number(row['m']) * 1000 } : flow)]
    unreadable += Number(row['n'])
    return []
  })
  return { groups, unreadable }
}

function groupOf(row: Row, flow: Flow): FactGroup {
  const [verdict, mode, rule, reason] = [row['verdict'], row['mode'], row['rule'], row['reason']].map(String) as [
    string,
    string,
    string,
    string,
  ]
  return {
    flow,
    count: Number(row['n']),
    firstMs: Number(row['first']),
    lastMs: Number(row['last']),
    bytesOut: Number(row['sent']),
    recorded: verdict === '' ? null : { verdict, mode, rule: rule === '' ? null : rule, reason },
  }
}
