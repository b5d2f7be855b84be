import { closeSync, mkdirSync, openSync } from 'node:fs'
import { dirname } from 'node:path'
import { DatabaseSync, type SQLInputValue, type StatementSync } from 'node:sqlite'
import { SallyportError } from '@sallyport/policy'
import { STATE_MIGRATIONS } from './state-migrations.ts'

export type StateRow = { readonly [column: string]: unknown }

/** SQLite with the newest tables. Every change is on disk when its statement returns. */
export class StateDatabase implements Disposable {
  readonly #database: DatabaseSync
  readonly #statements = new Map<string, StatementSync>()

  private constructor(database: DatabaseSync) {
    this.#database = database
  }

  /** Throws `state-unavailable` when the file cannot be opened, is no state store, or is a later version's. */
  static open(path: string, migrations: readonly (readonly string[])[] = STATE_MIGRATIONS): StateDatabase {
    let database: DatabaseSync | null = null
    try {
      if (path !== ':memory:') createPrivateFile(path)
      database = new DatabaseSync(path, { timeout: 5000 })
      for (const pragma of ['journal_mode = WAL', 'synchronous = FULL', 'foreign_keys = ON'])
        database.exec(`PRAGMA ${pragma}`)
      const state = new StateDatabase(database)
      state.#migrate(migrations)
      return state
    } catch (error) {
      database?.close()
      if (error instanceof SallyportError) throw error
      throw new SallyportError('state-unavailable', `the state store ${path} cannot be opened`, { cause: error })
    }
  }

  all(sql: string, params: Readonly<Record<string, SQLInputValue>> = {}): readonly StateRow[] {
    return this.#prepare(sql).all(params)
  }

  get(sql: string, params: Readonly<Record<string, SQLInputValue>> = {}): StateRow | null {
    return this.#prepare(sql).get(params) ?? null
  }

  /** Returns how many rows changed. */
  run(sql: string, params: Readonly<Record<string, SQLInputValue>> = {}): number {
    return Number(this.#prepare(sql).run(params).changes)
  }

  /** All of it or nothing, also when the process dies. Does not nest. */
  transaction<T>(work: () => T): T {
    this.#database.exec('BEGIN IMMEDIATE')
    try {
      const result = work()
      this.#database.exec('COMMIT')
      return result
    } catch (error) {
      if (this.#database.isTransaction) this.#database.exec('ROLLBACK')
      throw error
    }
  }

  [Symbol.dispose](): void {
    this.#database.close()
  }

  #prepare(sql: string): StatementSync {
    const known = this.#statements.get(sql)
    if (known !== undefined) return known
    const statement = this.#database.prepare(sql)
    this.#statements.set(sql, statement)
    return statement
  }

  #migrate(migrations: readonly (readonly string[])[]): void {
    this.#database.exec('CREATE TABLE IF NOT EXISTS schema_version (version INTEGER PRIMARY KEY)')
    for (let done = false; !done;) done = this.transaction(() => this.#migrateOnce(migrations))
  }

  /** One version, with its number, in one transaction. */
  #migrateOnce(migrations: readonly (readonly string[])[]): boolean {
    const version = Number(this.get('SELECT max(version) AS version FROM schema_version')?.['version'] ?? 0)
    if (version > migrations.length) {
      throw new SallyportError(
        'state-unavailable',
        `the state store has version ${version}, newer than ${migrations.length}`,
        {
          remedy: 'Use the Sallyport that wrote it, or another state directory.',
        },
      )
    }
    const statements = migrations[version]
    if (statements === undefined) return true
    for (const statement of statements) this.#database.exec(statement)
    this.run('INSERT INTO schema_version (version) VALUES ($version)', { version: version + 1 })
    return false
  }
}

/** Passwords' hashes and policies are for its owner alone; SQLite gives its other files the same mode. */
function createPrivateFile(path: string): void {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
  closeSync(openSync(path, 'a', 0o600))
}
