import { SallyportError } from '@sallyport/policy'
import type { SqlEngine } from '../engine/sql-engine.ts'
import { MIGRATIONS } from './migrations.ts'
import { beginning } from './relayout.ts'

/** Which shard a row goes to: a batch to one. */
const SHARD_KEYS: Readonly<Record<string, string>> = {
  flows: 'cityHash64(batch)',
  drops: 'cityHash64(batch)',
  batches: 'cityHash64(batch)',
  top_hourly: 'cityHash64(key)',
}
const VERSION_TABLE = 'schema_version'

/**
 * Brings the tables to the newest version, or to that one. ClickHouse has no transactions over DDL: every statement may be run again,
 * and the version is written last, so what a crash leaves is completed by the next start.
 */
export async function migrate(engine: SqlEngine, to: number = MIGRATIONS.length): Promise<void> {
  const from = await version(engine)
  if (from > MIGRATIONS.length) {
    throw new SallyportError('store-unavailable', `the flow store has version ${from}, newer than ${MIGRATIONS.length}`, {
      remedy: 'Use the Sallyport that wrote it, or another store.',
    })
  }
  if (from === 0) await defineVersions(engine)
  for (const [index, statements] of MIGRATIONS.slice(from, to).entries()) {
    const next = from + index + 1
    // Another host came at the same moment and was faster: what it did is not done again to what it stores by now.
    if ((await version(engine)) >= next) continue
    for (const statement of statements(engine.layout)) await apply(engine, statement)
    if (next === to) await expose(engine)
    // A server goes on while nobody has the store open; of our own process, who has it open for long says when.
    if (!engine.layout.isOwn && from > 0 && next === to) await engine.define(beginning(engine.layout))
    await engine.insert(VERSION_TABLE, Buffer.from(JSON.stringify({ version: next })), `version-${next}`)
  }
}

/** 0 where there is nothing yet. Asks first: who may only read does not define anything. */
async function version(engine: SqlEngine): Promise<number> {
  if (!(await exists(engine, VERSION_TABLE))) return 0
  const [row] = await engine.query(`SELECT max(version) AS version FROM ${VERSION_TABLE}`, {})
  return Number(row?.['version'] ?? 0)
}

async function exists(engine: SqlEngine, table: string): Promise<boolean> {
  const [row] = await engine.query(
    'SELECT count() AS n FROM system.tables WHERE database = currentDatabase() AND name = {table:String}',
    { table },
  )
  return Number(row?.['n']) > 0
}

async function defineVersions(engine: SqlEngine): Promise<void> {
  const { everywhere, engine: kind, shards } = engine.layout
  await engine.define(
    `CREATE TABLE IF NOT EXISTS ${VERSION_TABLE}${everywhere} (version UInt32) ENGINE = ${kind('MergeTree')} ORDER BY version`,
  )
  if (shards !== null) await engine.define(shards.face(VERSION_TABLE, 'version'))
}

async function apply(engine: SqlEngine, statement: string): Promise<void> {
  if (!statement.startsWith('INSERT')) {
    return engine.define(statement.replace(/^CREATE (TABLE|MATERIALIZED VIEW) /, 'CREATE $1 IF NOT EXISTS '))
  }
  await expose(engine)
  await engine.fill(statement)
}

/** What stands for the tables of all shards has their newest columns. */
async function expose(engine: SqlEngine): Promise<void> {
  const { shards } = engine.layout
  if (shards === null) return
  const rows = await engine.query('SELECT name FROM system.tables WHERE database = {database:String}', {
    database: shards.database,
  })
  const there = rows.map(({ name }) => name)
  for (const [table, key] of Object.entries(SHARD_KEYS))
    if (there.includes(table)) await engine.define(shards.face(table, key))
}
