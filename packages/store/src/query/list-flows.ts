import type { FlowRecord, RecordedVerdict } from '@sallyport/flow'
import { SallyportError } from '@sallyport/policy'
import type { Row, SqlEngine } from '../engine/sql-engine.ts'
import type { FlowFilter } from '../filter/condition.ts'
import { filterSql } from '../filter/filter-sql.ts'

/** `next` is where the following page begins; null at the end. */
export type FlowPage = { readonly flows: readonly ListedFlow[]; readonly next: string | null }
export type ListedFlow = Omit<FlowRecord, 'verdict'> & { readonly verdict: RecordedVerdict | null }

const COUNTERS = ['bytesOut', 'bytesIn', 'packetsOut', 'packetsIn', 'durationMs'] as const
const COLUMNS = `toUnixTimestamp64Milli(time) AS timeMs, batch, seq, facts, ${COUNTERS.join(', ')}, verdict, rule, layer, mode, stage, reason, explain`

/** Newest first. */
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
      : ` AND (time, batch, seq) < (fromUnixTimestamp64Milli({t:Int64}, 'UTC'), {b:String}, {s:UInt32})`
  const rows = await engine.query(
    `SELECT ${COLUMNS} FROM flows WHERE ${where.sql}${later} ORDER BY time DESC, batch DESC, seq DESC LIMIT {limit:UInt32}`,
    { ...where.params, ...from, limit: limit + 1 },
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
    verdict:
      verdict === ''
        ? null
        : ({ verdict, rule: rule === '' ? null : rule, layer, mode, stage, reason, explain } as RecordedVerdict),
  }
}

function formatCursor(row: Row): string {
  return Buffer.from(JSON.stringify([row['timeMs'], row['batch'], row['seq']])).toString('base64url')
}

function parseCursor(text: string): { readonly t: number; readonly b: string; readonly s: number } {
  try {
    const [t, b, s] = JSON.parse(Buffer.from(text, 'base64url').toString()) as unknown[]
    if (Number.isSafeInteger(t) && typeof b === 'string' && Number.isSafeInteger(s))
      return { t: t as number, b, s: s as number }
  } catch {
    // Falls through to the one error there is.
  }
  throw new SallyportError('usage', `"${text}" is not the end of a page`, {
    remedy: 'Give the `next` of the page before.',
  })
}
