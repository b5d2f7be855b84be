import type { Row, SqlEngine } from '../engine/sql-engine.ts'
import type { FlowFilter } from '../filter/condition.ts'
import { filterSql, type SqlCondition } from '../filter/filter-sql.ts'
import { END_OF_TIME_MS } from '../ingest/flow-rows.ts'
import { FLOW_DAY, haveDaySums, VISITORS } from '../schema/day-sums.ts'
import { columnsAsked, DAY_S, isOneSpan, spanOf, untimed } from './span.ts'
import { topFlows, type TopRow } from './top-flows.ts'

/** A destination with where it lies and who went there. */
export type DestinationRow = Omit<TopRow, 'key'> & {
  readonly destination: string
  /** At most five of each. Applications and users are counted by whole days (UTC), exactly up to a few thousand. */
  readonly countries: readonly string[]
  readonly networks: readonly number[]
  readonly apps: number
  readonly users: number
}

/** Most flows first. What lies where is asked of the flows of these destinations only. */
export async function topDestinations(
  engine: SqlEngine,
  filter: FlowFilter,
  limit: number,
): Promise<readonly DestinationRow[]> {
  const rows = await topFlows(engine, 'destination', filter, limit)
  const where =
    isOneSpan(filter) && haveDaySums(columnsAsked(filter), ['by_visited']) ? onDays(filter) : filterSql(filter)
  const which = `WHERE ${where.sql} AND destination IN (SELECT arrayJoin(JSONExtract({keys:String}, 'Array(String)')))`
  const params = { ...where.params, keys: JSON.stringify(rows.map(({ key }) => key)) }
  const ask = async (statement: string): Promise<ReadonlyMap<string, Row>> =>
    byDestination(await engine.query(statement, params))
  const [visitors, places] = await Promise.all([
    ask(
      `SELECT destination, ${VISITORS.apps} AS apps, ${VISITORS.users} AS users FROM flows ${which} GROUP BY destination`,
    ),
    ask(
      `SELECT destination, arraySort(groupUniqArrayIf(5)(country, country != '')) AS countries,
        arraySort(groupUniqArrayIf(5)(assumeNotNull(asn), asn IS NOT NULL)) AS networks
      FROM (SELECT destination, country, asn FROM flows ${which} GROUP BY destination, country, asn) GROUP BY destination`,
    ),
  ])
  return rows.map(({ key, ...row }) => ({
    destination: key,
    ...row,
    countries: (places.get(key)?.['countries'] ?? []) as readonly string[],
    networks: (places.get(key)?.['networks'] ?? []) as readonly number[],
    apps: Number(visitors.get(key)?.['apps'] ?? 0),
    users: Number(visitors.get(key)?.['users'] ?? 0),
  }))
}

/** All of the days that the filter's time touches: who went somewhere is known a day. */
function onDays(filter: FlowFilter): SqlCondition {
  const { sinceMs, untilMs } = spanOf(filter)
  const { sql, params } = filterSql(untimed(filter))
  const [fromDay, toDay] = [Math.max(0, sinceMs), Math.min(untilMs, END_OF_TIME_MS) - 1].map((timeMs) =>
    Math.max(0, Math.floor(timeMs / 1000 / DAY_S)),
  ) as [number, number]
  return {
    sql: `${sql} AND ${FLOW_DAY} >= toDate({fromDay:UInt16}) AND ${FLOW_DAY} <= toDate({toDay:UInt16})`,
    params: { ...params, fromDay, toDay },
  }
}

function byDestination(rows: readonly Row[]): ReadonlyMap<string, Row> {
  return new Map(rows.map((row) => [String(row['destination']), row]))
}
