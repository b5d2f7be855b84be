import type { Row, SqlEngine } from '../engine/sql-engine.ts'
import type { FilterTerm, FlowFilter } from '../filter/condition.ts'
import { filterSql, type SqlCondition } from '../filter/filter-sql.ts'
import { FLOW_DAY, FLOW_SUMS, haveDaySums } from '../schema/day-sums.ts'
import { columnsAsked, DAY_S, HOUR_S, isOneSpan, isTime, untimed, wholeSteps } from './span.ts'
import { whereTheyWent } from './where-they-went.ts'

export type TopBy =
  'destination' | 'app' | 'user' | 'unit' | 'device' | 'country' | 'asn' | 'port' | 'protocol' | 'rule' | 'verdict'

/** The only texts that become part of a statement; which one is chosen by key. */
const EXPRESSIONS: Readonly<Record<TopBy, string>> = {
  destination: 'destination',
  app: 'app',
  user: 'user',
  unit: 'unit',
  device: 'device',
  country: 'country',
  asn: `ifNull(toString(asn), '')`,
  port: `concat(transport, '/', ifNull(toString(port), ''))`,
  protocol: 'protocol',
  rule: 'rule',
  verdict: 'verdict',
}

export const TOP_BY: readonly TopBy[] = Object.keys(EXPRESSIONS) as TopBy[]

export type TopRow = {
  readonly key: string
  readonly flows: number
  readonly denied: number
  readonly bytesOut: number
  readonly bytesIn: number
  readonly firstSeen: string
  readonly lastSeen: string
}

/** Most flows first; equal counts by key. */
export function topFlows(engine: SqlEngine, by: TopBy, filter: FlowFilter, limit: number): Promise<readonly TopRow[]> {
  return mostFlows(engine, partsOf(by, filter), '1', limit)
}

function partsOf(by: TopBy, filter: FlowFilter): SqlCondition {
  const rolledUp = isRolledUp(filter)
  if (by === 'destination' && rolledUp) return fromDays(by, filter, hoursOutside(by, filter))
  if (rolledUp) return fromHours(by, filter)
  if (hasDaySums(by, filter)) return fromDays(by, filter, fromEdges(by, filter, wholeSteps(filter, DAY_S)))
  return fromFlows(by, filter, whereTheyWent(filter))
}

/** Of the parts that `sql` has of each key `k`, the keys for which `having` holds. */
export async function mostFlows(
  engine: SqlEngine,
  { sql, params }: SqlCondition,
  having: string,
  limit: number,
): Promise<readonly TopRow[]> {
  const rows = await engine.query(
    `SELECT k, sum(n) AS flows, sumIf(n, v = 'deny') AS denied, sum(sent) AS sentAll, sum(received) AS receivedAll,
      toUnixTimestamp64Milli(min(f)) AS first, toUnixTimestamp64Milli(max(l)) AS last
    FROM (${sql}) GROUP BY k HAVING ${having} ORDER BY flows DESC, k LIMIT {limit:UInt32}`,
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

export function fromFlows(by: TopBy, filter: FlowFilter, bounds: SqlCondition, prefix = 'f'): SqlCondition {
  const where = filterSql(filter, prefix)
  const { flows, sent, received, first, last } = FLOW_SUMS
  return {
    sql: `SELECT ${EXPRESSIONS[by]} AS k, toString(verdict) AS v, ${flows} AS n, ${sent} AS sent, ${received} AS received,
      ${first} AS f, ${last} AS l
    FROM flows WHERE ${where.sql} AND ${bounds.sql} GROUP BY k, v`,
    params: { ...where.params, ...bounds.params },
  }
}

/** The flows before the first whole step and after the last. */
function fromEdges(
  by: TopBy,
  filter: FlowFilter,
  { from, to }: { readonly from: number; readonly to: number },
): SqlCondition {
  // No projection has `seq`: the edges lie together in the order of time alone.
  const outside =
    '(time < fromUnixTimestamp({from:Int64}) OR time >= fromUnixTimestamp({to:Int64})) AND seq < 4294967295'
  return fromFlows(by, filter, { sql: outside, params: { from, to } })
}

/** When sums of days tell the flows that it takes from all others. */
function hasDaySums(by: TopBy, filter: FlowFilter): boolean {
  return isOneSpan(filter) && haveDaySums([...columnsAsked(filter), ...(by === 'port' ? ['transport', 'port'] : [by])])
}

/** Whole days from their sums, and what is before and after them. */
function fromDays(by: TopBy, filter: FlowFilter, edges: SqlCondition): SqlCondition {
  const span = wholeSteps(filter, DAY_S)
  const inside = `${FLOW_DAY} >= toDate({fromDay:UInt16}) AND ${FLOW_DAY} < toDate({toDay:UInt16})`
  const params = { fromDay: span.from / DAY_S, toDay: span.to / DAY_S }
  const days = fromFlows(by, untimed(filter), { sql: inside, params }, 'd')
  return { sql: `${days.sql} UNION ALL ${edges.sql}`, params: { ...days.params, ...edges.params } }
}

/** When hours that were rolled up tell them: by time and verdict alone. */
function isRolledUp(filter: FlowFilter): boolean {
  const isVerdict = ({ anyOf }: FilterTerm): boolean =>
    anyOf.every((each) => each.kind === 'glob' && each.column === 'verdict')
  return isOneSpan(filter) && filter.every((term) => isTime(term) || isVerdict(term))
}

/** Destinations are many in every hour: whole days have fewer rows. */
function hoursOutside(by: TopBy, filter: FlowFilter): SqlCondition {
  return fromHours(by, filter, '(toDate(hour) < toDate({fromDay:UInt16}) OR toDate(hour) >= toDate({toDay:UInt16}))')
}

/** Whole hours from what they were rolled up to, which does not grow with the number of flows. */
function fromHours(by: TopBy, filter: FlowFilter, which = '1'): SqlCondition {
  const span = wholeSteps(filter, HOUR_S)
  const verdicts = filterSql(untimed(filter), 'h')
  const edges = fromEdges(by, filter, span)
  return {
    sql: `SELECT ${by === 'verdict' ? 'toString(verdict)' : 'key'} AS k, toString(verdict) AS v, sum(flows) AS n,
      sum(bytesOut) AS sent, sum(bytesIn) AS received, min(first) AS f, max(last) AS l
    FROM top_hourly WHERE dimension = {dimension:String} AND ${verdicts.sql} AND ${which}
      AND hour >= fromUnixTimestamp({from:Int64}) AND hour < fromUnixTimestamp({to:Int64}) GROUP BY k, v
    UNION ALL ${edges.sql}`,
    // Every dimension has every flow; that of the fewest keys is the one to count verdicts by.
    params: { ...edges.params, ...verdicts.params, dimension: by === 'verdict' ? 'protocol' : by },
  }
}
