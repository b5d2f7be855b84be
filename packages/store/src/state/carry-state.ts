import { existsSync } from 'node:fs'
import { SallyportError } from '@sallyport/policy'
import { parsePostgresUrl } from './postgres-address.ts'
import { SqliteDatabase } from './sqlite-database.ts'
import type { StateDatabase, StateRow, StateStatements, StateValue } from './state-database.ts'

/** What a row refers to comes before it. */
const TABLES = [
  'policy_versions',
  'policy_in_force',
  'settings',
  'alerts',
  'mutes',
  'users',
  'sessions',
  'audit',
] as const

/** `rows` says how many of each table. `already`: what is there is what was to come, as when a call before was not heard to end. */
export type CarriedState = { readonly already: boolean; readonly rows: Readonly<Record<string, number>> }

/** Of one statement. PostgreSQL counts them in 16 bits. */
const MAX_VALUES = 1000

/**
 * Copies the state store in a file to an empty one in PostgreSQL, in one transaction there. Nobody writes to the file meanwhile.
 * Throws `state-unavailable`, and `state-occupied` when there is something else.
 */
export async function carryState(file: string, url: string): Promise<CarriedState> {
  const address = parsePostgresUrl(url)
  if (!existsSync(file)) throw new SallyportError('state-unavailable', `there is no state store ${file}`)
  const { PostgresDatabase } = await import('./postgres-database.ts')
  await using from = await SqliteDatabase.open(file)
  await using to = new PostgresDatabase(address)
  return await from.transaction((source) => carryInto(source, to))
}

/** Asks `to` for one transaction. */
export async function carryInto(source: StateStatements, to: StateDatabase): Promise<CarriedState> {
  const tables = new Map<string, readonly StateRow[]>()
  for (const table of TABLES) tables.set(table, await source.all(`SELECT * FROM ${table}`))
  const rows = Object.fromEntries([...tables].map(([table, { length }]) => [table, length]))
  return to.transaction(async (target) => {
    const there = new Map<string, readonly StateRow[]>()
    for (const table of TABLES) there.set(table, await target.all(`SELECT * FROM ${table}`))
    if ([...there.values()].every(({ length }) => length === 0)) {
      for (const [table, all] of tables) await insertAll(target, table, all)
      return { already: false, rows }
    }
    if (TABLES.every((table) => isSame(tables.get(table)!, there.get(table)!))) return { already: true, rows }
    throw new SallyportError('state-occupied', 'there is a state already in the database that the state is to go to')
  })
}

async function insertAll(target: StateStatements, table: string, rows: readonly StateRow[]): Promise<void> {
  const columns = Object.keys(rows[0] ?? {})
  const names = columns.map((column) => `"${column}"`).join(', ')
  const step = Math.floor(MAX_VALUES / Math.max(1, columns.length))
  for (let from = 0; from < rows.length; from += step) {
    const params: { [name: string]: StateValue } = {}
    const values = rows.slice(from, from + step).map((row, index) => {
      const bound = columns.map((column, place) => {
        params[`v${index}_${place}`] = row[column] as StateValue
        return `$v${index}_${place}`
      })
      return `(${bound.join(', ')})`
    })
    await target.run(`INSERT INTO ${table} (${names}) VALUES ${values.join(', ')}`, params)
  }
}

/** In any order, whatever the order of columns. */
function isSame(some: readonly StateRow[], others: readonly StateRow[]): boolean {
  const texts = (rows: readonly StateRow[]): readonly string[] =>
    rows.map((row) => JSON.stringify(Object.entries(row).toSorted(([a], [b]) => (a < b ? -1 : 1)))).toSorted()
  const [left, right] = [texts(some), texts(others)]
  return left.length === right.length && left.every((text, index) => text === right[index])
}
