import type { SqlEngine } from '../engine/sql-engine.ts'
import type { FlowFilter } from '../filter/condition.ts'
import { filterSql } from '../filter/filter-sql.ts'

const NAME = `if(empty(names), ifNull(replaceRegexpOne(IPv6NumToString(dst), '^::ffff:', ''), ''), names[1])`
export type TopBy =
  'destination' | 'app' | 'user' | 'unit' | 'device' | 'country' | 'asn' | 'port' | 'protocol' | 'rule' | 'verdict'

/** The only texts that become part of a statement; which one is chosen by key. */
const EXPRESSIONS: Readonly<Record<TopBy, string>> = {
  destination: NAME,
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
  const where = filterSql(filter)
  const rows = await engine.query(
    `SELECT ${EXPRESSIONS[by]} AS k, count() AS n, countIf(verdict = 'deny') AS denied,
      sum(ifNull(bytesOut, 0)) AS sent, sum(ifNull(bytesIn, 0)) AS received,
      toUnixTimestamp64Milli(min(time)) AS first, toUnixTimestamp64Milli(max(time)) AS last
    FROM flows WHERE ${where.sql} GROUP BY k ORDER BY n DESC, k LIMIT {limit:UInt32}`,
    { ...where.params, limit },
  )
  return rows.map((row) => ({
    key: String(row['k']),
    flows: Number(row['n']),
    denied: Number(row['denied']),
    bytesOut: Number(row['sent']),
    bytesIn: Number(row['received']),
    firstSeen: new Date(Number(row['first'])).toISOString(),
    lastSeen: new Date(Number(row['last'])).toISOString(),
  }))
}
