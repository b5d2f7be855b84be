import { SallyportError } from '@sallyport/policy'
import { STATE_MIGRATIONS } from './state-migrations.ts'
import type { StateDatabase, StateStatements } from './state-database.ts'

export type StateMigrations = readonly (readonly string[])[]

/** `alone` is a transaction beside which nobody else migrates. */
export async function migrateState(
  alone: StateDatabase['transaction'],
  migrations: StateMigrations = STATE_MIGRATIONS,
): Promise<void> {
  for (let done = false; !done;) done = await alone((inside) => migrateOnce(inside, migrations))
}

/** One version, with its number, in one transaction. */
async function migrateOnce(inside: StateStatements, migrations: StateMigrations): Promise<boolean> {
  await inside.run('CREATE TABLE IF NOT EXISTS schema_version (version INTEGER PRIMARY KEY)')
  const version = Number((await inside.get('SELECT max(version) AS version FROM schema_version'))?.['version'] ?? 0)
  if (version > migrations.length) {
    throw new SallyportError(
      'state-unavailable',
      `the state store has version ${version}, newer than ${migrations.length}`,
      { remedy: 'Use the Sallyport that wrote it, or another state store.' },
    )
  }
  const statements = migrations[version]
  if (statements === undefined) return true
  for (const statement of statements) await inside.run(statement)
  await inside.run('INSERT INTO schema_version (version) VALUES ($version)', { version: version + 1 })
  return false
}
