import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { SallyportError } from '@sallyport/policy'
import { migrateState, type StateMigrations } from './migrate-state.ts'
import { numberedParameters } from './numbered-parameters.ts'
import type { PostgresAddress } from './postgres-address.ts'
import { postgresPassword } from './postgres-password.ts'
import {
  storableParams,
  type StateDatabase,
  type StateParams,
  type StateRow,
  type StateStatements,
} from './state-database.ts'

const CONNECTIONS = 4
const CONNECT_MS = 5000
/** The server gives up first, so that a connection is seldom thrown away. */
const STATEMENT_MS = 5000
const ANSWER_MS = 8000
/** Transactions that got in each other's way. */
const ATTEMPTS = 20
const PAUSE_MS = 20
/** "sallypor", as the number of the lock around migrations. */
const MIGRATION_LOCK = '8314045600252325746'

/** Serialization failure, deadlock, and a key that another transaction took meanwhile. */
const IN_THE_WAY = /^(40001|40P01|23505)$/
/** Connections, authentication, no such database, read only, resources, an operator's intervention (PostgreSQL, appendix A). */
const UNAVAILABLE = /^(08|28|3D|25006|53|57|58)/

/** A database that does not answer is asked again at the next call. */
export class PostgresDatabase implements StateDatabase {
  readonly #address: PostgresAddress
  readonly #pool: pg.Pool
  readonly #migrations: StateMigrations | undefined
  #ready: Promise<void> | null = null

  constructor(address: PostgresAddress, migrations?: StateMigrations) {
    this.#address = address
    this.#migrations = migrations
    const { tls, schema, ...where } = address
    this.#pool = new pg.Pool({
      ...where,
      // An empty one is refused like a wrong one; without any, the driver would look for it by itself.
      password: async () => (await postgresPassword(address, process.env)) ?? '',
      ssl: tls === null ? false : { ...tls, rejectUnauthorized: true },
      options: `-c search_path=${schema}`,
      application_name: 'sallyport',
      max: CONNECTIONS,
      connectionTimeoutMillis: CONNECT_MS,
      statement_timeout: STATEMENT_MS,
      idle_in_transaction_session_timeout: ANSWER_MS,
      query_timeout: ANSWER_MS,
      keepAlive: true,
      allowExitOnIdle: true,
      types: {
        getTypeParser: (oid, format) => (oid === pg.types.builtins.INT8 ? Number : pg.types.getTypeParser(oid, format)),
      },
    })
    // A connection that breaks is replaced at the next call, which says so when it cannot be.
    this.#pool.on('error', () => {})
    this.#pool.on('connect', (client) => client.on('error', () => {}))
  }

  async all(sql: string, params?: StateParams): Promise<readonly StateRow[]> {
    return (await this.#ask(sql, params)).rows
  }

  async get(sql: string, params?: StateParams): Promise<StateRow | null> {
    return (await this.#ask(sql, params)).rows[0] ?? null
  }

  async run(sql: string, params?: StateParams): Promise<number> {
    return (await this.#ask(sql, params)).rowCount ?? 0
  }

  async transaction<T>(work: (inside: StateStatements) => Promise<T>): Promise<T> {
    await this.#migrated()
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.#transactionOnce('SERIALIZABLE', work)
      } catch (error) {
        if (attempt === ATTEMPTS || !IN_THE_WAY.test(sqlState(error))) throw this.#described(error)
        await sleep(PAUSE_MS * attempt * Math.random())
      }
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#pool.end()
  }

  async #ask(sql: string, params?: StateParams): Promise<pg.QueryResult<StateRow>> {
    await this.#migrated()
    try {
      return await ask(this.#pool, sql, params)
    } catch (error) {
      throw this.#described(error)
    }
  }

  /** Once; what failed is tried again by whoever asks next. */
  #migrated(): Promise<void> {
    this.#ready ??= this.#migrate().catch((error: unknown) => {
      this.#ready = null
      throw this.#described(error)
    })
    return this.#ready
  }

  async #migrate(): Promise<void> {
    const { schema } = this.#address
    await migrateState(
      (work) =>
        this.#transactionOnce('READ COMMITTED', async (inside) => {
          // A statement sees what the lock's last holder committed, which under SERIALIZABLE it would not.
          await inside.get('SELECT pg_advisory_xact_lock($lock)', { lock: MIGRATION_LOCK })
          if (schema !== 'public') await inside.run(`CREATE SCHEMA IF NOT EXISTS ${schema}`)
          return work(inside)
        }),
      this.#migrations,
    )
  }

  async #transactionOnce<T>(isolation: string, work: (inside: StateStatements) => Promise<T>): Promise<T> {
    const client = await this.#pool.connect()
    let broken: unknown = null
    try {
      await client.query(`BEGIN ISOLATION LEVEL ${isolation}`)
      const result = await work({
        all: async (sql, params) => (await ask(client, sql, params)).rows,
        get: async (sql, params) => (await ask(client, sql, params)).rows[0] ?? null,
        run: async (sql, params) => (await ask(client, sql, params)).rowCount ?? 0,
      })
      await client.query('COMMIT')
      return result
    } catch (error) {
      await client.query('ROLLBACK').catch((cause: unknown) => (broken = cause))
      throw error
    } finally {
      // A connection in an unknown state is of no use to the next.
      client.release(broken !== null)
    }
  }

  #described(error: unknown): unknown {
    const state = sqlState(error)
    if (error instanceof SallyportError || (state !== '' && !UNAVAILABLE.test(state))) return error
    if (!(error instanceof Error) || error instanceof TypeError) return error
    const { host, port, database } = this.#address
    return new SallyportError(
      'state-unavailable',
      `the state database ${database} on ${host}, port ${port}, cannot be used: ${error.message || sqlState(error)}`,
      { cause: error, remedy: 'What is enforced goes on; changes wait until the database answers again.' },
    )
  }
}

function ask(
  on: Pick<pg.ClientBase, 'query'>,
  sql: string,
  params: StateParams = {},
): Promise<pg.QueryResult<StateRow>> {
  const { text, values } = numberedParameters(sql, storableParams(params))
  return on.query<StateRow>(text, [...values])
}

/** Five characters (PostgreSQL, appendix A); empty when it was not the server that said no. */
function sqlState(error: unknown): string {
  return error instanceof pg.DatabaseError ? (error.code ?? '') : ''
}
