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

/** Flows, octets sent and received, the first and the last time, under the names that they have in a part. */
export type PartSum = 'n' | 'sent' | 'received' | 'f' | 'l'
const OF_FLOWS: Readonly<Record<PartSum, string>> = {
  n: FLOW_SUMS.flows,
  sent: FLOW_SUMS.sent,
  received: FLOW_SUMS.received,
  f: FLOW_SUMS.first,
  l: FLOW_SUMS.last,
}
const OF_HOURS: Readonly<Record<PartSum, string>> = {
  n: 'sum(flows)',
  sent: 'sum(bytesOut)',
  received: 'sum(bytesIn)',
  f: 'min(first)',
  l: 'max(last)',
}

/** Which sums of each key `k` are asked for, whether by verdict `v`, and of which keys, or all. */
export type PartsWanted = {
  readonly sums: readonly PartSum[]
  readonly byVerdict: boolean
  readonly keys: readonly string[] | null
}

/** Sums that together are those of a question. */
export type TopParts = (wanted: PartsWanted) => SqlCondition

export function topParts(by: TopBy, filter: FlowFilter): TopParts {
  if (isRolledUp(filter))
    return by === 'destination' ? fromDays(by, filter, hoursOutside(by, filter)) : fromHours(by, filter)
  if (hasDaySums(by, filter)) return fromDays(by, filter, fromEdges(by, filter, wholeSteps(filter, DAY_S)))
  return fromFlows(by, filter, whereTheyWent(filter))
}

export function fromFlows(by: TopBy, filter: FlowFilter, bounds: SqlCondition, prefix = 'f'): TopParts {
  const where = filterSql(filter, prefix)
  return (wanted) => {
    const keys = amongKeys(EXPRESSIONS[by], wanted)
    return {
      sql: `SELECT ${EXPRESSIONS[by]} AS k, ${partColumns(OF_FLOWS, wanted)}
        FROM flows WHERE ${where.sql} AND ${bounds.sql} AND ${keys.sql} GROUP BY k${wanted.byVerdict ? ', v' : ''}`,
      params: { ...where.params, ...bounds.params, ...keys.params },
    }
  }
}

function partColumns(of: Readonly<Record<PartSum, string>>, { sums, byVerdict }: PartsWanted): string {
  return [...(byVerdict ? ['toString(verdict) AS v'] : []), ...sums.map((sum) => `${of[sum]} AS ${sum}`)].join(', ')
}

function amongKeys(expression: string, { keys }: PartsWanted): SqlCondition {
  if (keys === null) return { sql: '1', params: {} }
  const sql = `${expression} IN (SELECT arrayJoin(JSONExtract({keys:String}, 'Array(String)')))`
  return { sql, params: { keys: JSON.stringify(keys) } }
}

function union(one: TopParts, other: TopParts): TopParts {
  return (wanted) => {
    const [first, second] = [one(wanted), other(wanted)]
    return { sql: `${first.sql} UNION ALL ${second.sql}`, params: { ...first.params, ...second.params } }
  }
}

/** The flows before the first whole step and after the last. */
function fromEdges(
  by: TopBy,
  filter: FlowFilter,
  { from, to }: { readonly from: number; readonly to: number },
): TopParts {
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
function fromDays(by: TopBy, filter: FlowFilter, edges: TopParts): TopParts {
  const span = wholeSteps(filter, DAY_S)
  const inside = `${FLOW_DAY} >= toDate({fromDay:UInt16}) AND ${FLOW_DAY} < toDate({toDay:UInt16})`
  const params = { fromDay: span.from / DAY_S, toDay: span.to / DAY_S }
  return union(fromFlows(by, untimed(filter), { sql: inside, params }, 'd'), edges)
}

/** When hours that were rolled up tell them: by time and verdict alone. */
function isRolledUp(filter: FlowFilter): boolean {
  const isVerdict = ({ anyOf }: FilterTerm): boolean =>
    anyOf.every((each) => each.kind === 'glob' && each.column === 'verdict')
  return isOneSpan(filter) && filter.every((term) => isTime(term) || isVerdict(term))
}

/** Destinations are many in every hour: whole days have fewer rows. */
function hoursOutside(by: TopBy, filter: FlowFilter): TopParts {
  const { from, to } = wholeSteps(filter, DAY_S)
  return fromHours(by, filter, {
    sql: '(toDate(hour) < toDate({fromDay:UInt16}) OR toDate(hour) >= toDate({toDay:UInt16}))',
    params: { fromDay: from / DAY_S, toDay: to / DAY_S },
  })
}

/** Whole hours from what they were rolled up to, which does not grow with the number of flows. */
function fromHours(by: TopBy, filter: FlowFilter, which: SqlCondition = { sql: '1', params: {} }): TopParts {
  const span = wholeSteps(filter, HOUR_S)
  const verdicts = filterSql(untimed(filter), 'h')
  const key = by === 'verdict' ? 'toString(verdict)' : 'key'
  const hours: TopParts = (wanted) => {
    const keys = amongKeys(key, wanted)
    return {
      sql: `SELECT ${key} AS k, ${partColumns(OF_HOURS, wanted)}
        FROM top_hourly WHERE dimension = {dimension:String} AND ${verdicts.sql} AND ${which.sql} AND ${keys.sql}
          AND hour >= fromUnixTimestamp({from:Int64}) AND hour < fromUnixTimestamp({to:Int64})
        GROUP BY k${wanted.byVerdict ? ', v' : ''}`,
      params: {
        ...verdicts.params,
        ...which.params,
        ...keys.params,
        ...span,
        // Every dimension has every flow; that of the fewest keys is the one to count verdicts by.
        dimension: by === 'verdict' ? 'protocol' : by,
      },
    }
  }
  return union(hours, fromEdges(by, filter, span))
}
