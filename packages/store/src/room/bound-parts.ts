import type { SqlEngine } from '../engine/sql-engine.ts'

/**
 * Parts are merged to at most so many bytes, so that the oldest flows can go without much being written anew; and nothing is stored
 * while the disk has less than that free. The store remembers both.
 */
export async function boundParts(engine: SqlEngine, partBytes: number, keepFreeBytes: number): Promise<void> {
  const settings = [
    `max_bytes_to_merge_at_max_space_in_pool = ${Math.round(partBytes)}`,
    `min_free_disk_bytes_to_perform_insert = ${Math.round(keepFreeBytes)}`,
  ]
  const [row] = await engine.query(
    `SELECT engine_full AS text FROM system.tables WHERE database = currentDatabase() AND name = 'flows'`,
    {},
  )
  if (!settings.every((setting) => String(row?.['text']).includes(setting)))
    await engine.define(`ALTER TABLE flows MODIFY SETTING ${settings.join(', ')}`)
}
