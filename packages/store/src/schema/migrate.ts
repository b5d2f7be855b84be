import { SallyportError } from '@sallyport/policy'
import type { SqlEngine } from '../engine/sql-engine.ts'
import { MIGRATIONS } from './migrations.ts'

/**
 * Brings the tables to the newest version. ClickHouse has no transactions over DDL: every statement may be run again,
 * and the version is written last, so what a crash leaves is completed by the next start.
 */
export async function migrate(engine: SqlEngine): Promise<void> {
  engine.run(`CREATE TABLE IF NOT EXISTS schema_version (version UInt32) ENGINE = MergeTree ORDER BY version`)
  const [row] = await engine.query('SELECT max(version) AS version FROM schema_version', {})
  const from = Number(row?.['version'] ?? 0)
  if (from > MIGRATIONS.length) {
    throw new SallyportError('store-unavailable', `the flow store has version ${from}, newer than ${MIGRATIONS.length}`, {
      remedy: 'Use the Sallyport that wrote it, or another directory.',
    })
  }
  for (const [index, statements] of MIGRATIONS.slice(from).entries()) {
    for (const statement of statements) engine.run(statement.replace(/^CREATE (TABLE|MATERIALIZED VIEW) /, 'CREATE $1 IF NOT EXISTS '))
    const version = from + index + 1
    await engine.insert('schema_version', Buffer.from(JSON.stringify({ version })), `version-${version}`)
  }
}
