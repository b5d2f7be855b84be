import type { Past } from '@sallyport/detect'
import type { SqlEngine } from '../../engine/sql-engine.ts'
import { whereHalfGo } from './where-half-go.ts'
import { readHabits } from './habits.ts'
import { longConnections } from './long-connections.ts'
import { readSentHours } from './sent-hours.ts'
import { USER } from './subject-columns.ts'
import { timedCalls } from './timed-calls.ts'

/** A stretch of time as a condition, and what it is filled with. */
export type Range = { readonly sql: string; readonly sinceMs: number; readonly nowMs: number; readonly flows: number }

/** What was recorded since then, in short; null when that is nothing. */
export async function readPast(engine: SqlEngine, sinceMs: number, nowMs: number): Promise<Past | null> {
  const sql = `time >= fromUnixTimestamp64Milli({since:Int64}) AND time <= fromUnixTimestamp64Milli({now:Int64})`
  const [all] = await engine.query(
    `SELECT toUnixTimestamp64Milli(min(time)) AS first, uniq(${USER}) AS users, count() AS n FROM flows WHERE ${sql}`,
    { since: sinceMs, now: nowMs },
  )
  if (all === undefined || Number(all['n']) === 0) return null
  const range = { sql, sinceMs, nowMs, flows: Number(all['n']) }
  const users = Number(all['users'])
  const { habits, hasEveryHabit } = await readHabits(engine, range)
  const common = await whereHalfGo(engine, range, users)
  return {
    nowMs,
    sinceMs: Number(all['first']),
    users,
    habits,
    hasEveryHabit,
    common,
    sent: await readSentHours(engine, range),
    long: await longConnections(engine, range),
    calls: await timedCalls(engine, range, common),
  }
}
