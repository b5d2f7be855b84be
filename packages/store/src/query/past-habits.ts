import type { Past } from '@sallyport/detect'
import type { SqlEngine } from '../engine/sql-engine.ts'

const MOST_HABITS = 300_000
/** Rows with a NULL would not be counted. */
const USER = `device, user, ifNull(IPv6NumToString(src), '')`

/** Who went where since then. Null when there is nothing, or more than can be looked at: half of a past would make the rest new. */
export async function pastHabits(engine: SqlEngine, sinceMs: number, nowMs: number): Promise<Past | null> {
  const params = { since: sinceMs, now: nowMs, limit: MOST_HABITS + 1 }
  const range = `time >= fromUnixTimestamp64Milli({since:Int64}) AND time <= fromUnixTimestamp64Milli({now:Int64})`
  const [all] = await engine.query(
    `SELECT toUnixTimestamp64Milli(min(time)) AS first, uniq(${USER}) AS users, count() AS n FROM flows WHERE ${range}`,
    { since: sinceMs, now: nowMs },
  )
  if (all === undefined || Number(all['n']) === 0) return null
  const rows = await engine.query(
    `SELECT if(app = '', ifNull(IPv6NumToString(src), ''), app) AS subject, destination,
      toUnixTimestamp64Milli(min(time)) AS first, toUnixTimestamp64Milli(max(time)) AS last, sum(started) AS flows,
      uniqExact(toStartOfHour(time)) AS hours, uniqExact(toDate(time)) AS days, uniqExact(${USER}) AS users
    FROM flows WHERE ${range} AND destination != '' GROUP BY subject, destination HAVING subject != '' LIMIT {limit:UInt32}`,
    params,
  )
  if (rows.length > MOST_HABITS) return null
  return {
    nowMs,
    sinceMs: Number(all['first']),
    users: Number(all['users']),
    habits: rows.map((row) => ({
      subject: String(row['subject']).replace(/^::ffff:/, ''),
      destination: String(row['destination']),
      firstMs: Number(row['first']),
      lastMs: Number(row['last']),
      flows: Number(row['flows']),
      hours: Number(row['hours']),
      days: Number(row['days']),
      users: Number(row['users']),
    })),
  }
}
