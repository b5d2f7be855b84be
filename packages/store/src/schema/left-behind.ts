import type { SqlEngine } from '../engine/sql-engine.ts'
import { PROJECTIONS } from './migrations.ts'

/**
 * Merges join parts that lie side by side and have the same projections. A batch that they passed over has none, and lies between parts that have all:
 * it would stay as it is, and keep them apart. Does not wait until it has its projections, too.
 */
export async function joinLeftBehind(engine: SqlEngine): Promise<void> {
  const rows = await engine.query(
    `SELECT DISTINCT partition_id AS id FROM (
      SELECT partition_id, has, lagInFrame(has, 1, 1) OVER beside AS before, leadInFrame(has, 1, 0) OVER beside AS after FROM (
        SELECT partition_id, min_block_number, notEmpty(projections) AS has
        FROM system.parts WHERE active AND database = currentDatabase() AND table = 'flows'
      ) WINDOW beside AS (PARTITION BY partition_id ORDER BY min_block_number ROWS BETWEEN 1 PRECEDING AND 1 FOLLOWING)
    ) WHERE NOT has AND before AND after`,
    {},
  )
  for (const { id } of rows) {
    if (!/^\d{6}$/.test(String(id))) continue
    const each = PROJECTIONS.map((name) => `MATERIALIZE PROJECTION ${name} IN PARTITION ID '${String(id)}'`)
    await engine.define(`ALTER TABLE flows ${each.join(', ')} SETTINGS mutations_sync = 0`)
  }
}
