import type { Row, SqlEngine } from '../engine/sql-engine.ts'
import type { FilterTerm, FlowFilter } from '../filter/condition.ts'
import { columnsOf } from '../filter/filter-columns.ts'
import { filterSql, type SqlCondition } from '../filter/filter-sql.ts'
import { DAY_SUMS, FLOW_DAY, FLOW_SUMS } from '../schema/day-sums.ts'

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
export async function topFlows(
  engine: SqlEngine,
  by: TopBy,
  filter: FlowFilter,
  limit: number,
): Promise<readonly TopRow[]> {
  const { sql, params } = isRolledUp(by, filter)
    ? fromHours(by, filter)
    : hasDaySums(by, filter)
      ? fromDays(by, filter)
      : fromFlows(by, filter, whereTheyWent(filter))
  const rows = await engine.query(
    `SELECT k, sum(n) AS flows, sumIf(n, v = 'deny') AS denied, sum(sent) AS sentAll, sum(received) AS receivedAll,
      toUnixTimestamp64Milli(min(f)) AS first, toUnixTimestamp64Milli(max(l)) AS last
    FROM (${sql}) GROUP BY k ORDER BY flows DESC, k LIMIT {limit:UInt32}`,
    { ...params, limit },
  )
  return rows.map(readTopRow)
}

export function readTopRow(row: Row): TopRow {
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

function fromFlows(by: TopBy, filter: FlowFilter, bounds: SqlCondition, prefix = 'f'): SqlCondition {
  const where = filterSql(filter, prefix)
  const { flows, sent, received, first, last } = FLOW_SUMS
  return {
    sql: `SELECT ${EXPRESSIONS[by]} AS k, toString(verdict) AS v, ${flows} AS n, ${sent} AS sent, ${received} AS received,
      ${first} AS f, ${last} AS l
    FROM flows WHERE ${where.sql} AND ${bounds.sql} GROUP BY k, v`,
    params: { ...where.params, ...bounds.params },
  }
}

/**
 * The destinations that a filter of names or addresses can mean, of which sums of days know: rows of a destination lie together in a
 * projection, those of a name or an address do not.
 */
function whereTheyWent(filter: FlowFilter): SqlCondition {
  const named = filter.filter(
    ({ negated, anyOf }) =>
      !negated && anyOf.every((each) => each.kind === 'domain' || (each.kind === 'address' && each.column === 'dst')),
  )
  if (named.length === 0) return { sql: '1', params: {} }
  const { sql, params } = filterSql(named, 'n')
  return { sql: `destination IN (SELECT destination FROM flows WHERE ${sql} GROUP BY destination)`, params }
}

const HOUR_S = 3600
const DAY_S = 86_400
/** Where ClickHouse's DateTime ends. */
const END_S = 2 ** 32

const isTime = ({ anyOf }: FilterTerm): boolean => anyOf.some(({ kind }) => kind === 'since' || kind === 'until')

/** Whether its times, if any, are one span. */
function isOneSpan(filter: FlowFilter): boolean {
  return filter.every((term) => !isTime(term) || (!term.negated && term.anyOf.length === 1))
}

/** The first whole hour or day, say, of the filter's span, and the first after it that is not whole. Unix time. */
function wholeSteps(filter: FlowFilter, stepS: number): { readonly from: number; readonly to: number } {
  const end = (kind: 'since' | 'until', otherwise: number): number => {
    const found = filter.flatMap(({ anyOf }) => anyOf.flatMap((each) => (each.kind === kind ? each.timeMs : [])))
    const steps = (found[0] ?? otherwise) / 1000 / stepS
    return (
      Math.min(Math.floor(END_S / stepS - 1), Math.max(0, kind === 'since' ? Math.ceil(steps) : Math.floor(steps))) *
      stepS
    )
  }
  const from = end('since', 0)
  return { from, to: Math.max(from, end('until', Infinity)) }
}

/** The flows before the first whole step and after the last. */
function fromEdges(
  by: TopBy,
  filter: FlowFilter,
  { from, to }: { readonly from: number; readonly to: number },
): SqlCondition {
  const outside = '(time < fromUnixTimestamp({from:Int64}) OR time >= fromUnixTimestamp({to:Int64}))'
  return fromFlows(by, filter, { sql: outside, params: { from, to } })
}

/** When sums of days tell the flows that it takes from all others. */
function hasDaySums(by: TopBy, filter: FlowFilter): boolean {
  const asked = filter.filter((term) => !isTime(term)).flatMap(({ anyOf }) => anyOf.flatMap(columnsOf))
  const all = [...asked, ...(by === 'port' ? ['transport', 'port'] : [by])]
  return isOneSpan(filter) && Object.values(DAY_SUMS).some((has) => all.every((each) => has.includes(each)))
}

function fromDays(by: TopBy, filter: FlowFilter): SqlCondition {
  const span = wholeSteps(filter, DAY_S)
  const edges = fromEdges(by, filter, span)
  const untimed = filter.filter((term) => !isTime(term))
  const inside = `${FLOW_DAY} >= toDate({fromDay:UInt16}) AND ${FLOW_DAY} < toDate({toDay:UInt16})`
  const params = { fromDay: span.from / DAY_S, toDay: span.to / DAY_S }
  const days = fromFlows(by, untimed, { sql: inside, params }, 'd')
  return { sql: `${days.sql} UNION ALL ${edges.sql}`, params: { ...days.params, ...edges.params } }
}

/**
 * When hours that were rolled up tell them: by time and verdict alone. Of destinations, which are many in every hour, days have fewer rows
 * where there is no first hour or last.
 */
function isRolledUp(by: TopBy, filter: FlowFilter): boolean {
  if (by === 'destination' && !filter.some(isTime)) return false
  const isVerdict = ({ anyOf }: FilterTerm): boolean =>
    anyOf.every((each) => each.kind === 'glob' && each.column === 'verdict')
  return isOneSpan(filter) && filter.every((term) => isTime(term) || isVerdict(term))
}

/** Whole hours from what they were rolled up to, which does not grow with the number of flows. */
function fromHours(by: TopBy, filter: FlowFilter): SqlCondition {
  const span = wholeSteps(filter, HOUR_S)
  const verdicts = filterSql(
    filter.filter((term) => !isTime(term)),
    'h',
  )
  const edges = fromEdges(by, filter, span)
  return {
    sql: `SELECT ${by === 'verdict' ? 'toString(verdict)' : 'key'} AS k, toString(verdict) AS v, sum(flows) AS n,
      sum(bytesOut) AS sent, sum(bytesIn) AS received, min(first) AS f, max(last) AS l
    FROM top_hourly WHERE dimension = {dimension:String} AND ${verdicts.sql}
      AND hour >= fromUnixTimestamp({from:Int64}) AND hour < fromUnixTimestamp({to:Int64}) GROUP BY k, v
    UNION ALL ${edges.sql}`,
    // Every dimension has every flow; that of the fewest keys is the one to count verdicts by.
    params: { ...edges.params, ...verdicts.params, dimension: by === 'verdict' ? 'protocol' : by },
  }
}
