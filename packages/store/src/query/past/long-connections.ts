import { LONG_MS, type LongConnection } from '@sallyport/detect'
import type { SqlEngine } from '../../engine/sql-engine.ts'
import type { Range } from './read-past.ts'
import { SUBJECT_COLUMNS, subjectOfRow } from './subject-columns.ts'

const MOST_LONG = 10_000

export async function longConnections(engine: SqlEngine, range: Range): Promise<readonly LongConnection[]> {
  const rows = await engine.query(
    `SELECT ${SUBJECT_COLUMNS}, destination, toUnixTimestamp64Milli(time) AS start, assumeNotNull(flows.durationMs) AS duration,
      ifNull(flows.bytesOut, 0) AS sent, ifNull(flows.bytesIn, 0) AS received
    FROM flows WHERE ${range.sql} AND flows.durationMs >= ${LONG_MS} AND destination != ''
    ORDER BY time DESC, flow LIMIT 1 BY time, flow LIMIT ${MOST_LONG}`,
    { since: range.sinceMs, now: range.nowMs },
  )
  return rows
    .map((row) => ({
      subject: subjectOfRow(row),
      destination: String(row['destination']),
      startMs: Number(row['start']),
      durationMs: Number(row['duration']),
      bytesOut: Number(row['sent']),
      bytesIn: Number(row['received']),
    }))
    .filter(({ subject }) => subject !== '')
}
