import type { SqlEngine } from '../engine/sql-engine.ts'
import type { Layout } from './layout.ts'
import { PROJECTIONS } from './migrations.ts'

/** Rows of `flows`, and how many of them lack a projection: they are read as they were stored. */
export type Relayout = { readonly rows: number; readonly rowsLeft: number }

/**
 * Gives rows that an earlier version stored the projections that it did not know. ClickHouse does that part by part while the store is used, and
 * goes on by itself when it is opened again; so a call only begins what was not begun, and says how far it is.
 */
export async function relayout(engine: SqlEngine): Promise<Relayout> {
  const found = await progress(engine)
  if (found.rowsLeft > 0 && !(await isUnderWay(engine))) await engine.define(beginning(engine.layout))
  return found
}

/** The statement that begins it, of all projections; a part that has one is left as it is. It does not wait. */
export function beginning({ everywhere }: Layout): string {
  const each = PROJECTIONS.map((name) => `MATERIALIZE PROJECTION ${name}`)
  return `ALTER TABLE flows${everywhere} ${each.join(', ')} SETTINGS mutations_sync = 0`
}

const OF_FLOWS = `database = currentDatabase() AND table = 'flows'`

/** A batch that was not merged yet gets all of them when it is. */
async function progress(engine: SqlEngine): Promise<Relayout> {
  const [row] = await engine.query(
    `SELECT sum(rows) AS allRows, sumIf(rows, has < ${PROJECTIONS.length} AND (has > 0 OR level > 0)) AS lacking FROM (
      SELECT rows, level, ifNull(known.n, 0) AS has FROM system.parts AS parts
      LEFT JOIN (
        SELECT parent_name AS name, count() AS n FROM system.projection_parts AS p
        WHERE active AND ${OF_FLOWS} AND p.name IN (${PROJECTIONS.map((name) => `'${name}'`).join(', ')}) GROUP BY parent_name
      ) AS known USING (name)
      WHERE parts.active AND parts.database = currentDatabase() AND parts.table = 'flows'
    )`,
    {},
  )
  return { rows: Number(row?.['allRows'] ?? 0), rowsLeft: Number(row?.['lacking'] ?? 0) }
}

async function isUnderWay(engine: SqlEngine): Promise<boolean> {
  const rows = await engine.query(`SELECT 1 FROM system.mutations WHERE ${OF_FLOWS} AND NOT is_done LIMIT 1`, {})
  return rows.length > 0
}
