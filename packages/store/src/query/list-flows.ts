import type { FlowRecord, RecordedVerdict } from '@sallyport/flow'
import { SallyportError } from '@sallyport/policy'
import type { Row, SqlEngine } from '../engine/sql-engine.ts'
import type { FlowFilter } from '../filter/condition.ts'
import { filterSql } from '../filter/filter-sql.ts'
import { COUNTERS, FLOW_ID } from '../ingest/flow-rows.ts'
import { newestTimes } from './newest-times.ts'
import { spanOf } from './span.ts'
import { whenTheyWent } from './when-they-went.ts'
import { isNamed, whereTheyWent } from './where-they-went.ts'

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
  const span = spanOf(filter)
  const older = await newestTimes(engine, {
    which: where,
    together: isNamed(filter) ? whereTheyWent(filter) : whenTheyWent(filter),
    sinceMs: span.sinceMs,
    untilMs: Math.min(span.untilMs, from?.t ?? Infinity),
    count: limit + 1,
  })
  const times = [...new Set(from === null ? older : [from.t, ...older])]
  const later = from === null ? '1' : `(time, flow) < (fromUnixTimestamp64Milli({t:Int64}, 'UTC'), {id:UInt64})`
  if (times.length === 0) return { flows: [], next: null }
  // What is wide is read of these times alone.
  const rows = await engine.query(
    `SELECT ${COLUMNS} FROM flows WHERE ${where.sql} AND ${later} AND time IN (
      SELECT fromUnixTimestamp64Milli(arrayJoin(JSONExtract({times:String}, 'Array(Int64)')), 'UTC')
    ) ORDER BY time DESC, flow DESC, started LIMIT 1 BY time, flow LIMIT {limit:UInt32}`,
    { ...where.params, ...from, times: JSON.stringify(times), limit: limit + 1 },
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
