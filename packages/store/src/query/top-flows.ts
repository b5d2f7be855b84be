import type { SqlEngine } from '../engine/sql-engine.ts'
import type { FlowFilter } from '../filter/condition.ts'
import { filterSql, type SqlCondition } from '../filter/filter-sql.ts'

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
  const { sql, params } = isRolledUp(filter) ? fromHours(by, filter) : fromFlows(by, filter)
  const rows = await engine.query(
    `SELECT k, sum(n) AS flows, sumIf(n, v = 'deny') AS denied, sum(sent) AS sentAll, sum(received) AS receivedAll,
      toUnixTimestamp64Milli(min(f)) AS first, toUnixTimestamp64Milli(max(l)) AS last
    FROM (${sql}) GROUP BY k ORDER BY flows DESC, k LIMIT {limit:UInt32}`,
    { ...params, limit },
  )
  return rows.map((row) => ({
    key: String(row['k']),
    flows: Number(row['flows']),
    denied: Number(row['denied']),
    bytesOut: Number(row['sentAll']),
    bytesIn: Number(row['receivedAll']),
    firstSeen: new Date(Number(row['first'])).toISOString(),
    lastSeen: new Date(Number(row['last'])).toISOString(),
  }))
}

function fromFlows(by: TopBy, filter: FlowFilter, bounds = '1'): SqlCondition {
  const where = filterSql(filter)
  return {
    sql: `SELECT ${EXPRESSIONS[by]} AS k, toString(verdict) AS v, sum(started) AS n, sum(ifNull(bytesOut, 0)) AS sent,
      sum(ifNull(bytesIn, 0)) AS received, min(time) AS f, max(time) AS l
    FROM flows WHERE ${where.sql} AND ${bounds} GROUP BY k, v`,
    params: where.params,
  }
}

const HOUR_S = 3600
/** The last whole hour that ClickHouse's DateTime holds. */
const LAST_HOUR_S = Math.floor(2 ** 32 / HOUR_S - 1) * HOUR_S

/** When the flows that it takes can be told by time and verdict. */
function isRolledUp(filter: FlowFilter): boolean {
  return filter.every(({ negated, anyOf: [only, ...more] }) => {
    if (only?.kind === 'glob') return [only, ...more].every((each) => each.kind === 'glob' && each.column === 'verdict')
    return !negated && more.length === 0 && (only?.kind === 'since' || only?.kind === 'until')
  })
}

/**
 * Whole hours from what they were rolled up to, which does not grow with the number of flows; what lies before the first
 * whole hour and after the last, from the flows.
 */
function fromHours(by: TopBy, filter: FlowFilter): SqlCondition {
  const hour = (kind: 'since' | 'until', otherwise: number): number => {
    const found = filter.flatMap(({ anyOf }) => anyOf.flatMap((each) => (each.kind === kind ? each.timeMs : [])))
    const hours = (found[0] ?? otherwise) / 1000 / HOUR_S
    return Math.min(LAST_HOUR_S, Math.max(0, kind === 'since' ? Math.ceil(hours) : Math.floor(hours)) * HOUR_S)
  }
  const from = hour('since', 0)
  const to = Math.max(from, hour('until', Infinity))
  const verdicts = filterSql(
    filter.filter(({ anyOf }) => anyOf[0]?.kind === 'glob'),
    'h',
  )
  const edges = fromFlows(
    by,
    filter,
    '(time < fromUnixTimestamp({from:Int64}) OR time >= fromUnixTimestamp({to:Int64}))',
  )
  return {
    sql: `SELECT ${by === 'verdict' ? 'toString(verdict)' : 'key'} AS k, toString(verdict) AS v, sum(flows) AS n,
      sum(bytesOut) AS sent, sum(bytesIn) AS received, min(first) AS f, max(last) AS l
    FROM top_hourly WHERE dimension = {dimension:String} AND ${verdicts.sql}
      AND hour >= fromUnixTimestamp({from:Int64}) AND hour < fromUnixTimestamp({to:Int64}) GROUP BY k, v
    UNION ALL ${edges.sql}`,
    // Every dimension has every flow; that of the fewest keys is the one to count verdicts by.
    params: { ...edges.params, ...verdicts.params, dimension: by === 'verdict' ? 'protocol' : by, from, to },
  }
}
