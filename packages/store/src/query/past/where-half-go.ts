import { COMMON_SHARE, LEAST_USERS } from '@sallyport/detect'
import type { SqlEngine } from '../../engine/sql-engine.ts'
import type { Range } from './read-past.ts'
import { USER } from './subject-columns.ts'

const MOST = 10_000

/** Where half of the devices, users and addresses of a network go; none where there are too few of them to say. */
export async function whereHalfGo(engine: SqlEngine, range: Range, users: number): Promise<readonly string[]> {
  if (users < LEAST_USERS) return []
  const rows = await engine.query(
    `SELECT destination, uniq(${USER}) AS users FROM flows WHERE ${range.sql} AND destination != '' GROUP BY destination
    HAVING users >= ${users * COMMON_SHARE} ORDER BY users DESC, destination LIMIT ${MOST}`,
    { since: range.sinceMs, now: range.nowMs },
  )
  return rows.map(({ destination }) => String(destination))
}
