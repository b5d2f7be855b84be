import { LONG_MS, type LongConnection, type Past, type SeldomCalls, type SentHour } from '@sallyport/detect'
import type { SqlEngine } from '../engine/sql-engine.ts'

const MOST_HABITS = 300_000
const MOST_SENT_HOURS = 100_000
const MOST_LONG = 10_000
const MOST_SELDOM = 2000
/** From ten calls to one an hour for 30 days: what is called more often shows within a day. */
const [LEAST_CALLS, MOST_CALLS] = [10, 720]
const LEAST_DAYS = 3
/** Rows with a NULL would not be counted. */
const USER = `device, user, ifNull(IPv6NumToString(src), '')`
/** As alerts name it. */
const SUBJECT = `if(device = '' AND user = '' AND app = '' AND unit = '', ifNull(replaceRegexpOne(IPv6NumToString(src), '^::ffff:', ''), ''),
  arrayStringConcat(arrayFilter(part -> part != '', [device, user, if(app = '', unit, app)]), ' '))`

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
    sent: await sentHours(engine, range, params),
    long: await longConnections(engine, range, params),
    seldom: await seldomCalls(engine, range, params),
  }
}

type Params = Readonly<Record<string, number>>

/** The newest hours first, so that a bound takes away the oldest. */
async function sentHours(engine: SqlEngine, range: string, params: Params): Promise<readonly SentHour[]> {
  const rows = await engine.query(
    `SELECT ${SUBJECT} AS subject, toUnixTimestamp(toStartOfHour(toDateTime(time, 'UTC'))) AS hour,
      sum(ifNull(flows.bytesOut, 0)) AS sent, sum(ifNull(flows.bytesIn, 0)) AS received
    FROM flows WHERE ${range} GROUP BY subject, hour HAVING subject != '' AND sent > 0
    ORDER BY hour DESC, subject LIMIT ${MOST_SENT_HOURS}`,
    params,
  )
  return rows
    .map((row) => ({
      subject: String(row['subject']),
      hourMs: Number(row['hour']) * 1000,
      bytesOut: Number(row['sent']),
      bytesIn: Number(row['received']),
    }))
    .toReversed()
}

async function longConnections(engine: SqlEngine, range: string, params: Params): Promise<readonly LongConnection[]> {
  const rows = await engine.query(
    `SELECT ${SUBJECT} AS subject, destination, toUnixTimestamp64Milli(time) AS start, assumeNotNull(flows.durationMs) AS duration,
      ifNull(flows.bytesOut, 0) AS sent, ifNull(flows.bytesIn, 0) AS received
    FROM flows WHERE ${range} AND flows.durationMs >= ${LONG_MS} AND destination != '' AND subject != ''
    ORDER BY time DESC, flow LIMIT 1 BY time, flow LIMIT ${MOST_LONG}`,
    params,
  )
  return rows.map((row) => ({
    subject: String(row['subject']),
    destination: String(row['destination']),
    startMs: Number(row['start']),
    durationMs: Number(row['duration']),
    bytesOut: Number(row['sent']),
    bytesIn: Number(row['received']),
  }))
}

async function seldomCalls(engine: SqlEngine, range: string, params: Params): Promise<readonly SeldomCalls[]> {
  // The times of all pairs would not fit into memory: first which pairs, then their times.
  const calls = `FROM flows WHERE ${range} AND started = 1 AND destination != ''`
  const rows = await engine.query(
    `SELECT ${SUBJECT} AS subject, destination, groupArray(${MOST_CALLS})(toUnixTimestamp64Milli(time)) AS times
    ${calls} AND (subject, destination) IN (
      SELECT ${SUBJECT} AS subject, destination ${calls} GROUP BY subject, destination
      HAVING subject != '' AND count() BETWEEN ${LEAST_CALLS} AND ${MOST_CALLS} AND uniqExact(toDate(time)) >= ${LEAST_DAYS}
      ORDER BY max(time) DESC, subject, destination LIMIT ${MOST_SELDOM}
    ) GROUP BY subject, destination`,
    params,
  )
  return rows.map((row) => ({
    subject: String(row['subject']),
    destination: String(row['destination']),
    timesMs: (row['times'] as readonly unknown[]).map(Number).toSorted((a, b) => a - b),
  }))
}
