import type { Habit } from '@sallyport/detect'
import type { SqlEngine } from '../../engine/sql-engine.ts'
import type { Range } from './read-past.ts'
import { SOURCE, USER } from './subject-columns.ts'

const MOST_HABITS = 300_000
/** What goes to more places has no habit that a new one could stand out from. */
const MOST_DESTINATIONS = 1000

const SUBJECT = `if(app = '', ifNull(replaceRegexpOne(IPv6NumToString(src), '^::ffff:', ''), ''), app)`

export type Habits = { readonly habits: readonly Habit[]; readonly hasEveryHabit: boolean }

/**
 * Who went where. Where there is more than can be looked at, the whole of each application that goes to few places: half of
 * a past would make the rest new.
 */
export async function readHabits(engine: SqlEngine, range: Range): Promise<Habits> {
  const [pairs] = await engine.query(
    `SELECT uniq(cityHash64(app, if(app = '', ${SOURCE}, toIPv6('::')), destination)) AS n FROM flows WHERE ${range.sql}`,
    { since: range.sinceMs, now: range.nowMs },
  )
  if (Number(pairs?.['n']) <= MOST_HABITS) return { habits: await habitsOf(engine, range, '1'), hasEveryHabit: true }
  const steady = `${SUBJECT} IN (SELECT ${SUBJECT} AS subject FROM flows WHERE ${range.sql} GROUP BY subject
    HAVING uniq(destination) <= ${MOST_DESTINATIONS})`
  return { habits: await habitsOf(engine, range, steady), hasEveryHabit: false }
}

async function habitsOf(engine: SqlEngine, range: Range, which: string): Promise<readonly Habit[]> {
  const rows = await engine.query(
    `SELECT ${SUBJECT} AS subject, destination,
      toUnixTimestamp64Milli(min(time)) AS first, toUnixTimestamp64Milli(max(time)) AS last, sum(started) AS flows,
      uniqExact(toUInt32(intDiv(toUnixTimestamp64Milli(time), 3600000))) AS hours,
      uniqExact(toDate(time)) AS days, uniqExact(${USER}) AS users
    FROM flows WHERE ${range.sql} AND destination != '' AND ${which} GROUP BY subject, destination HAVING subject != ''
    ORDER BY users DESC, subject, destination LIMIT ${MOST_HABITS}`,
    { since: range.sinceMs, now: range.nowMs },
  )
  return rows.map((row) => ({
    subject: String(row['subject']),
    destination: String(row['destination']),
    firstMs: Number(row['first']),
    lastMs: Number(row['last']),
    flows: Number(row['flows']),
    hours: Number(row['hours']),
    days: Number(row['days']),
    users: Number(row['users']),
  }))
}
