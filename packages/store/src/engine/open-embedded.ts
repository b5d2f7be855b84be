import { createRequire } from 'node:module'
import { resolve } from 'node:path'
import { SallyportError } from '@sallyport/policy'
import { detachStandardInput } from './detach-standard-input.ts'
import { OWN_PROCESS } from '../schema/layout.ts'
import { IncomingRows } from './incoming-rows.ts'
import { INSERT_SETTINGS } from './insert-settings.ts'
import { requireStoreDirectory } from './require-store-directory.ts'
import { renderToFile } from './render-to-file.ts'
import type { ColumnValues, Row, SqlEngine, SqlParams } from './sql-engine.ts'

type Result = { readonly text: () => string }
type Session = {
  readonly queryBindAsync: (statement: string, params: object, options: { format: string }) => Promise<Result>
  readonly insert: (insert: object) => Promise<unknown>
  readonly close: () => void
}
type Chdb = { readonly Session: new (path?: string, options?: { connectionArgs: readonly string[] }) => Session }

/** ClickHouse writes 64-bit integers as strings unless told otherwise; counts above 2^53 do not occur here. */
const JSON_SETTINGS = 'SETTINGS output_format_json_quote_64bit_integers = 0'

const NATIVE_SETTINGS = [
  'insert_deduplication_token = {token:String}',
  ...Object.entries(INSERT_SETTINGS).map(([name, value]) => `${name} = '${value}'`),
].join(', ')

/**
 * ClickHouse in this process. One process has a directory at a time; without one the data goes with the session. The standard
 * input is closed: read it before.
 */
export function openEmbedded(path?: string): SqlEngine {
  if (path !== undefined) requireStoreDirectory(path)
  detachStandardInput()
  const session = openSession(path)
  const incoming = new IncomingRows(path)
  // Not `query`, for which all that this process does waits.
  const run = async (statement: string): Promise<void> =>
    void (await session.queryBindAsync(statement, {}, { format: 'Null' }))
  return {
    layout: OWN_PROCESS,
    define: run,
    fill: run,
    query: async (statement, params) => {
      const result = await session.queryBindAsync(`${statement} ${JSON_SETTINGS}`, params, { format: 'JSONEachRow' })
      return result
        .text()
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => JSON.parse(line) as Row)
    },
    queryColumns: async (statement, params) => {
      const result = await session.queryBindAsync(`${statement} ${JSON_SETTINGS}`, params, { format: 'JSONColumns' })
      return JSON.parse(result.text()) as ColumnValues
    },
    insert: async (table, rows, token) => {
      const settings = { ...INSERT_SETTINGS, insert_deduplication_token: token }
      await session.insert({ table, values: rows, format: 'JSONEachRow', settings })
    },
    insertNative: async (table, columns, pieces, token) => {
      const names = Object.keys(columns).join(', ')
      const structure = Object.entries(columns).map((column) => column.join(' '))
      await using file = await incoming.write(pieces)
      await session.queryBindAsync(
        `INSERT INTO ${table} (${names}) SELECT * FROM file({path:String}, 'Native', {structure:String}) SETTINGS ${NATIVE_SETTINGS}`,
        { path: file.path, structure: structure.join(', '), token },
        { format: 'Null' },
      )
    },
    render: async (statement, params, format) => {
      const path = incoming.next()
      const write = (into: string, values: SqlParams): Promise<Result> =>
        session.queryBindAsync(into, values, { format: 'Null' })
      await renderToFile(write, statement, params, format, path)
      return path
    },
    [Symbol.dispose]: () => {
      session.close()
      incoming[Symbol.dispose]()
    },
  }
}

/** What the whole cgroup uses is not what the engine uses; where there is none to read, it says so on the standard error with a trace. */
const ARGUMENTS = ['--max_threads=2', '--memory_worker_use_cgroup=0'] as const

function openSession(path: string | undefined): Session {
  const { Session } = loadLibrary()
  const home = path === undefined ? undefined : resolve(path)
  try {
    return inRootDirectory(() => new Session(home, { connectionArgs: ARGUMENTS }))
  } catch (error) {
    throw new SallyportError('store-unavailable', `the flow store ${path ?? ''} cannot be opened`, { cause: error })
  }
}

/**
 * ClickHouse takes a `config.xml` of the working directory for its configuration, and fails when it may not look: no directory
 * that others write to may decide that.
 */
function inRootDirectory<T>(open: () => T): T {
  const before = process.cwd()
  process.chdir('/')
  try {
    return open()
  } finally {
    try {
      process.chdir(before)
    } catch {
      // Nothing in it can be reached by this user.
    }
  }
}

/** Loaded when a store is opened: the library is half a gigabyte, and most commands need none. */
function loadLibrary(): Chdb {
  try {
    return createRequire(import.meta.url)('chdb') as Chdb
  } catch (error) {
    throw new SallyportError('store-unavailable', 'there is no embedded ClickHouse for this platform', {
      remedy: 'Install the optional package @chdb/lib-linux-x64-gnu or @chdb/lib-linux-arm64-gnu.',
      cause: error,
    })
  }
}
