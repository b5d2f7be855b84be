import type { FlowRecord, RecordedVerdict } from '@sallyport/flow'
import { SallyportError } from '@sallyport/policy'
import type { Row, SqlEngine } from '../engine/sql-engine.ts'
import type { FlowFilter } from '../filter/condition.ts'
import { filterSql } from '../filter/filter-sql.ts'
import { COUNTERS, FLOW_ID } from '../ingest/flow-rows.ts'

/** `next` is where the following page begins; null at the end. */
export type FlowPage = { readonly flows: readonly ListedFlow[]; readonly next: string | null }
export type ListedFlow = Omit<FlowRecord, 'verdict'> & { readonly verdict: RecordedVerdict | null }

const COLUMNS = `toUnixTimestamp64Milli(time) AS timeMs, lower(hex(flow)) AS id, parents, facts, ${COUNTERS.join(', ')}, verdict, rule, layer, mode, stage, reason, explain`

/** Newest first. A connection that has ended is listed once, with what it carried. */
export async function listFlows(
  engine: SqlEngine,
  filter: FlowFilter,
  { limit, after }: { readonly limit: number; readonly after?: string },
): Promise<FlowPage> {
  const where = filterSql(filter)
  const from = after === undefined ? null : parseCursor(after)
  const later =
    from === null
      ? ''
      : ` AND time <= fromUnixTimestamp64Milli({t:Int64}, 'UTC') AND (time, flow) < (fromUnixTimestamp64Milli({t:Int64}, 'UTC'), {id:UInt64})`
  const which = `${where.sql}${later}`
  const params = { ...where.params, ...from, limit: limit + 1 }
  // A connection has two rows of one time at most: the page lies behind the time of the row that is twice as far away. It is found along the
  // order of the table, and what lies before it is not read, as it were for the rows of which each connection has one.
  const [last] = await engine.query(
    `SELECT toUnixTimestamp64Milli(min(time)) AS least, count() AS n FROM (
      SELECT time FROM flows WHERE ${which} ORDER BY time DESC LIMIT {limit:UInt32} * 2
    )`,
    params,
  )
  if (Number(last?.['n']) === 0) return { flows: [], next: null }
  const rows = await engine.query(
    `SELECT ${COLUMNS} FROM flows WHERE ${which} AND time >= fromUnixTimestamp64Milli({least:Int64}, 'UTC')
    ORDER BY time DESC, flow DESC, started LIMIT 1 BY time, flow LIMIT {limit:UInt32}`,
    { ...params, least: Number(last?.['least']) },
  )
  const shown = rows.slice(0, limit)
  return { flows: shown.map(readRow), next: rows.length > limit ? formatCursor(shown.at(-1)!) : null }
}

function readRow(row: Row): ListedFlow {
  const counters = COUNTERS.filter((counter) => row[counter] !== null).map((counter) => [counter, row[counter]])
  const { verdict, rule, layer, mode, stage, reason, explain } = row as Record<string, string>
  return {
    time: new Date(Number(row['timeMs'])).toISOString(),
    ...(JSON.parse(String(row['facts'])) as object),
    ...Object.fromEntries(counters),
    ...((row['parents'] as readonly string[]).length > 0 ? { parents: row['parents'] as readonly string[] } : {}),
    verdict:
      verdict === ''
        ? null
        : ({ verdict, rule: rule === '' ? null : rule, layer, mode, stage, reason, explain } as RecordedVerdict),
  }
}

function formatCursor(row: Row): string {
  return Buffer.from(JSON.stringify([row['timeMs'], row['id']])).toString('base64url')
}

function parseCursor(text: string): { readonly t: number; readonly id: string } {
  try {
    const [t, id] = JSON.parse(Buffer.from(text, 'base64url').toString()) as unknown[]
    if (Number.isSafeInteger(t) && typeof id === 'string' && FLOW_ID.test(id))
      return { t: t as number, id: BigInt(`0x${id}`).toString() }
  } catch {
    // Falls through to the one error there is.
  }
  throw new SallyportError('usage', `"${text}" is not the end of a page`, {
    remedy: 'Give the `next` of the page before.',
  })
}
