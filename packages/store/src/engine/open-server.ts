import { randomUUID } from 'node:crypto'
import { createWriteStream } from 'node:fs'
import { rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { pipeline } from 'node:stream/promises'
import { ClickHouseLogLevel, createClient, type ClickHouseClient, type ClickHouseSettings } from '@clickhouse/client'
import { SallyportError } from '@sallyport/policy'
import { clusterLayout, ONE_SERVER, quoted, shardDatabase } from '../schema/layout.ts'
import { INSERT_SETTINGS } from './insert-settings.ts'
import type { ServerAddress } from './server-address.ts'
import { serverError, worthAnotherTry } from './server-error.ts'
import type { ColumnValues, Row, SqlEngine, SqlParams } from './sql-engine.ts'

/** The first in which a token holds for materialised views of a table, too. */
const LEAST_VERSION = [24, 8] as const
const PAUSES_MS = [200, 1000]

/** ClickHouse over its HTTP interface. Nothing is defined yet but the databases, where they were not there. */
export async function openServer(address: ServerAddress): Promise<SqlEngine> {
  const { database, cluster } = address
  const flows = connect(address, database)
  const tables = cluster === null ? flows : connect(address, shardDatabase(database))
  const close = (): void => {
    void flows.close()
    void tables.close()
  }
  const asking = <T>(ask: () => Promise<T>): Promise<T> => patiently(ask, address)
  try {
    await asking(() => prepare(address))
  } catch (error) {
    close()
    throw error
  }
  const run = (client: ClickHouseClient, query: string): Promise<void> =>
    asking(async () => void (await client.command({ query })))
  const insert = (query: string, rows: readonly Uint8Array[], token: string): Promise<void> =>
    asking(async () => {
      const clickhouse_settings = { ...INSERTING, insert_deduplication_token: token }
      // Bounded pieces: the client takes a stream, and one chunk of it is held as a whole.
      const { stream } = await flows.exec({ query, values: Readable.from(bounded(rows)), clickhouse_settings })
      await buffer(stream)
    })
  return {
    layout: cluster === null ? ONE_SERVER : clusterLayout(cluster, database),
    define: (statement) => run(tables, statement),
    fill: (statement) => run(flows, statement),
    query: (query, params) =>
      asking(async () => {
        const result = await flows.query({ query, query_params: params, format: 'JSONEachRow' })
        return (await result.json()) as readonly Row[]
      }),
    queryColumns: (query, params) =>
      asking(async () => {
        const { stream } = await flows.exec({ query: `${query} FORMAT JSONColumns`, query_params: params })
        return JSON.parse((await buffer(stream)).toString()) as ColumnValues
      }),
    insert: (table, rows, token) => insert(`INSERT INTO ${table} FORMAT JSONEachRow`, [rows], token),
    insertNative: (table, columns, pieces, token) =>
      insert(`INSERT INTO ${table} (${Object.keys(columns).join(', ')}) FORMAT Native`, pieces, token),
    render: (statement, params: SqlParams, format) =>
      asking(async () => {
        const path = join(tmpdir(), `sallyport-${randomUUID()}`)
        try {
          const { stream } = await flows.exec({ query: `${statement} FORMAT ${format}`, query_params: params })
          await pipeline(stream, createWriteStream(path, { flags: 'wx', mode: 0o600 }))
          return path
        } catch (error) {
          await rm(path, { force: true })
          throw error
        }
      }),
    [Symbol.dispose]: close,
  }
}

const INSERTING = {
  ...INSERT_SETTINGS,
  insert_deduplicate: 1 as const,
  // A batch is stored when the answer comes, on its shard too: what is not said to be stored stays in the spool.
  async_insert: 0 as const,
  distributed_foreground_insert: 1 as const,
}

/** A server that is away does what was defined meanwhile when it is back; nobody waits for it. The client's types lack this mode. */
const DEFINING: Readonly<Record<string, string>> = { distributed_ddl_output_mode: 'throw_only_active' }

function settingsFor({ timeoutMs }: ServerAddress): ClickHouseSettings {
  return {
    output_format_json_quote_64bit_integers: 0,
    // The status says whether all went well, not only the beginning.
    wait_end_of_query: 1,
    max_execution_time: timeoutMs / 1000,
    // What a question asks within itself is answered by all shards, once, for each of them.
    distributed_product_mode: 'global',
    distributed_ddl_task_timeout: String(timeoutMs / 1000),
    ...DEFINING,
  }
}

function connect(address: ServerAddress, database?: string, settings = settingsFor(address)): ClickHouseClient {
  const { origin, user, password, timeoutMs, tls } = address
  const { ca, cert, key } = tls
  return createClient({
    url: origin,
    username: user,
    password,
    application: 'sallyport',
    request_timeout: timeoutMs,
    ...(database === undefined ? {} : { database }),
    ...(ca === undefined
      ? {}
      : { tls: { ca_cert: ca, ...(cert === undefined || key === undefined ? {} : { cert, key }) } }),
    use_multipart_params_auto: true,
    log: { level: ClickHouseLogLevel.OFF },
    clickhouse_settings: settings,
  })
}

/** Who may only read needs the databases to be there. */
async function prepare(address: ServerAddress): Promise<void> {
  const { database, cluster } = address
  checkVersion(await versionOf(address))
  const client = connect(address)
  try {
    const everywhere = cluster === null ? '' : clusterLayout(cluster, database).everywhere
    const wanted = cluster === null ? [database] : [database, shardDatabase(database)]
    for (const name of wanted) {
      const found = await client.query({
        query: 'SELECT count() AS n FROM system.databases WHERE name = {name:String}',
        query_params: { name },
        format: 'JSONEachRow',
      })
      const [count] = (await found.json()) as readonly Row[]
      if (Number(count?.['n']) === 0)
        await client.command({ query: `CREATE DATABASE IF NOT EXISTS ${quoted(name)}${everywhere}` })
    }
  } finally {
    await client.close()
  }
}

/** Asked without settings: a server of another age does not know them all. */
async function versionOf(address: ServerAddress): Promise<string> {
  const client = connect(address, undefined, {})
  try {
    const asked = await client.query({ query: 'SELECT version() AS version', format: 'JSONEachRow' })
    const [row] = (await asked.json()) as readonly Row[]
    return String(row?.['version'])
  } finally {
    await client.close()
  }
}

function checkVersion(version: string): void {
  const [major = 0, minor = 0] = version.split('.').map(Number)
  const [leastMajor, leastMinor] = LEAST_VERSION
  if (major > leastMajor || (major === leastMajor && minor >= leastMinor)) return
  throw new SallyportError('store-unavailable', `the store's server is ClickHouse ${version}`, {
    remedy: `Use ClickHouse ${LEAST_VERSION.join('.')} or later.`,
  })
}

/** A statement that is asked again does no harm: what defines says IF NOT EXISTS, a batch has its token. */
async function patiently<T>(ask: () => Promise<T>, address: ServerAddress): Promise<T> {
  for (const pauseMs of PAUSES_MS) {
    try {
      return await ask()
    } catch (error) {
      if (!worthAnotherTry(error)) throw serverError(error, address)
    }
    await new Promise((resolve) => setTimeout(resolve, pauseMs))
  }
  return ask().catch((error: unknown) => {
    throw serverError(error, address)
  })
}

const PIECE_BYTES = 2 ** 18

function* bounded(pieces: readonly Uint8Array[]): Generator<Uint8Array> {
  for (const piece of pieces)
    for (let from = 0; from < piece.length; from += PIECE_BYTES) yield piece.subarray(from, from + PIECE_BYTES)
}
