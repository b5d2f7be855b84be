import { closeSync, openSync } from 'node:fs'
import { dirname } from 'node:path'
import { DatabaseSync, type StatementSync } from 'node:sqlite'
import { setTimeout as sleep } from 'node:timers/promises'
import { SallyportError } from '@sallyport/policy'
import { makeDirectory } from '../make-directory.ts'
import { migrateState, type StateMigrations } from './migrate-state.ts'
import {
  storableParams,
  type StateDatabase,
  type StateParams,
  type StateRow,
  type StateStatements,
} from './state-database.ts'

/** How long another process may have the file, and how often it is looked at meanwhile. */
const PATIENCE_MS = 5000
const LOOK_MS = 5
const SQLITE_BUSY = 5

export class SqliteDatabase implements StateDatabase {
  readonly #database: DatabaseSync
  readonly #statements = new Map<string, StatementSync>()
  /** There is one connection: what does not belong to a transaction waits for its end. */
  #turn: Promise<unknown> = Promise.resolve()
  readonly #inside: StateStatements = {
    all: async (sql, params) => this.#all(sql, params),
    get: async (sql, params) => this.#all(sql, params)[0] ?? null,
    run: (sql, params = {}) => whenFree(() => Number(this.#prepare(sql).run(storableParams(params)).changes)),
  }

  private constructor(database: DatabaseSync) {
    this.#database = database
  }

  /** A file, or `:memory:`. Throws `state-unavailable` when it cannot be opened, is no state store, or is a later version's. */
  static async open(path: string, migrations?: StateMigrations): Promise<SqliteDatabase> {
    let database: DatabaseSync | null = null
    try {
      if (path !== ':memory:') createPrivateFile(path)
      database = new DatabaseSync(path, { timeout: PATIENCE_MS })
      for (const pragma of ['journal_mode = WAL', 'synchronous = FULL', 'foreign_keys = ON'])
        database.exec(`PRAGMA ${pragma}`)
      // From here on, waiting leaves the process to its other work.
      database.exec('PRAGMA busy_timeout = 0')
      const state = new SqliteDatabase(database)
      await migrateState((work) => state.transaction(work), migrations)
      return state
    } catch (error) {
      database?.close()
      if (error instanceof SallyportError) throw error
      throw new SallyportError('state-unavailable', `the state store ${path} cannot be opened`, { cause: error })
    }
  }

  all(sql: string, params?: StateParams): Promise<readonly StateRow[]> {
    return this.#inTurn(() => this.#inside.all(sql, params))
  }

  get(sql: string, params?: StateParams): Promise<StateRow | null> {
    return this.#inTurn(() => this.#inside.get(sql, params))
  }

  run(sql: string, params?: StateParams): Promise<number> {
    return this.#inTurn(() => this.#inside.run(sql, params))
  }

  transaction<T>(work: (inside: StateStatements) => Promise<T>): Promise<T> {
    return this.#inTurn(async () => {
      await whenFree(() => this.#database.exec('BEGIN IMMEDIATE'))
      try {
        const result = await work(this.#inside)
        await whenFree(() => this.#database.exec('COMMIT'))
        return result
      } catch (error) {
        if (this.#database.isTransaction) this.#database.exec('ROLLBACK')
        throw error
      }
    })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#inTurn(async () => this.#database.close())
  }

  #all(sql: string, params: StateParams = {}): StateRow[] {
    return this.#prepare(sql).all(storableParams(params))
  }

  #prepare(sql: string): StatementSync {
    const known = this.#statements.get(sql)
    if (known !== undefined) return known
    const statement = this.#database.prepare(sql)
    this.#statements.set(sql, statement)
    return statement
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#turn.then(work)
    this.#turn = result.catch(() => {})
    return result
  }
}

async function whenFree<T>(work: () => T): Promise<T> {
  for (const endMs = performance.now() + PATIENCE_MS; ; await sleep(LOOK_MS)) {
    try {
      return work()
    } catch (error) {
      const isBusy = error instanceof Error && 'errcode' in error && (Number(error.errcode) & 0xff) === SQLITE_BUSY
      if (!isBusy || performance.now() > endMs) throw error
    }
  }
}

/** Passwords' hashes and policies are for its owner alone; SQLite gives its other files the same mode. */
function createPrivateFile(path: string): void {
  makeDirectory(dirname(path), 0o700)
  closeSync(openSync(path, 'a', 0o600))
}
