import { UPLOAD_BYTES, type SentHour } from '@sallyport/detect'
import type { SqlEngine } from '../../engine/sql-engine.ts'
import type { Range } from './read-past.ts'
import { BY_SUBJECT, SUBJECT_COLUMNS, SUBJECT_NUMBER, subjectOfRow } from './subject-columns.ts'

const MOST_HOURS = 100_000
const HOUR = `toStartOfHour(toDateTime(time, 'UTC'))`

/** All hours of the subjects that sent much in one of them. The newest first, so that a bound takes away the oldest. */
export async function readSentHours(engine: SqlEngine, range: Range): Promise<readonly SentHour[]> {
  const rows = await engine.query(
    `SELECT ${SUBJECT_COLUMNS}, toUnixTimestamp(${HOUR}) AS hour,
      sum(ifNull(flows.bytesOut, 0)) AS sent, sum(ifNull(flows.bytesIn, 0)) AS received,
      argMax(destination, ifNull(flows.bytesOut, 0)) AS most,
      toUnixTimestamp64Milli(min(time)) AS first, toUnixTimestamp64Milli(max(time)) AS last
    FROM flows WHERE ${range.sql} AND ${SUBJECT_NUMBER} IN (
      SELECT subject FROM (
        SELECT ${SUBJECT_NUMBER} AS subject, sum(ifNull(flows.bytesOut, 0)) AS sent
        FROM flows WHERE ${range.sql} GROUP BY subject, ${HOUR} HAVING sent >= ${UPLOAD_BYTES}
      )
    )
    GROUP BY ${BY_SUBJECT}, hour HAVING sent > 0 ORDER BY hour DESC, ${BY_SUBJECT} LIMIT ${MOST_HOURS}`,
    { since: range.sinceMs, now: range.nowMs },
  )
  return rows
    .map((row) => ({
      subject: subjectOfRow(row),
      hourMs: Number(row['hour']) * 1000,
      bytesOut: Number(row['sent']),
      bytesIn: Number(row['received']),
      destination: String(row['most']),
      firstMs: Number(row['first']),
      lastMs: Number(row['last']),
    }))
    .filter(({ subject }) => subject !== '')
    .toReversed()
}
