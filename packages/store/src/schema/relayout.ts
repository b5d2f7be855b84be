import type { SqlEngine } from '../engine/sql-engine.ts'
import type { Layout } from './layout.ts'
import { LATER_COLUMNS, PROJECTIONS } from './migrations.ts'

/** Rows of `flows`, and how many of them lack a projection or a column: they are read as they were stored. */
export type Relayout = { readonly rows: number; readonly rowsLeft: number }

/**
 * Gives rows that an earlier version stored the projections that it did not know. ClickHouse does that part by part while the store is used, and
 * goes on by itself when it is opened again; so a call only begins what was not begun, and says how far it is.
 */
export async function relayout(engine: SqlEngine): Promise<Relayout> {
  const { rows, rowsLeft, haveColumns } = await progress(engine)
  if (rowsLeft > 0 && !(await isUnderWay(engine))) await engine.define(beginning(engine.layout, haveColumns))
  return { rows, rowsLeft }
}

/**
 * The statement that begins it, of all projections, and of columns where a part lacks them: a part that has a projection is left as it is, a column
 * is written anew in each. It does not wait.
 */
export function beginning({ everywhere }: Layout, haveColumns = false): string {
  const columns = haveColumns ? [] : LATER_COLUMNS.map((name) => `MATERIALIZE COLUMN ${name}`)
  const each = [...columns, ...PROJECTIONS.map((name) => `MATERIALIZE PROJECTION ${name}`)]
  return `ALTER TABLE flows${everywhere} ${each.join(', ')} SETTINGS mutations_sync = 0`
}

const OF_FLOWS = `database = currentDatabase() AND table = 'flows'`

/** A batch that was not merged yet gets all of them when it is. */
async function progress(engine: SqlEngine): Promise<Relayout & { readonly haveColumns: boolean }> {
  const [row] = await engine.query(
    `SELECT sum(rows) AS allRows, sumIf(rows, lacks AND wasWritten) AS lacking, sumIf(rows, lacksColumns AND wasWritten) AS columnless FROM (
      SELECT rows, level > 0 OR projections > 0 AS wasWritten, ifNull(beside.n, 0) AS columns, ifNull(known.n, 0) AS projections,
        columns < ${LATER_COLUMNS.length} AS lacksColumns, projections < ${PROJECTIONS.length} OR lacksColumns AS lacks
      FROM system.parts AS parts
      LEFT JOIN (
        SELECT parent_name AS name, count() AS n FROM system.projection_parts AS p
        WHERE active AND ${OF_FLOWS} AND p.name IN (${listed(PROJECTIONS)}) GROUP BY parent_name
      ) AS known USING (name)
      LEFT JOIN (
        SELECT name, count() AS n FROM system.parts_columns
        WHERE active AND ${OF_FLOWS} AND column IN (${listed(LATER_COLUMNS)}) GROUP BY name
      ) AS beside USING (name)
      WHERE parts.active AND parts.database = currentDatabase() AND parts.table = 'flows'
    )`,
    {},
  )
  const [rows, rowsLeft, columnless] = ['allRows', 'lacking', 'columnless'].map((name) => Number(row?.[name] ?? 0)) as [
    number,
    number,
    number,
  ]
  return { rows, rowsLeft, haveColumns: columnless === 0 }
}

const listed = (names: readonly string[]): string => names.map((name) => `'${name}'`).join(', ')

async function isUnderWay(engine: SqlEngine): Promise<boolean> {
  const rows = await engine.query(`SELECT 1 FROM system.mutations WHERE ${OF_FLOWS} AND NOT is_done LIMIT 1`, {})
  return rows.length > 0
}
