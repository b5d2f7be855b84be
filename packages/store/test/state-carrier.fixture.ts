import { carryInto } from '../src/state/carry-state.ts'
import { parsePostgresUrl } from '../src/state/postgres-address.ts'
import { PostgresDatabase } from '../src/state/postgres-database.ts'
import { SqliteDatabase } from '../src/state/sqlite-database.ts'

/** Carries a state over, and dies after so many statements that write. */
const [, , file, url, statements] = process.argv
const die = (): void => void process.kill(process.pid, 'SIGKILL')
const from = await SqliteDatabase.open(file!)
const to = new PostgresDatabase(parsePostgresUrl(url!))
let left = Number(statements)
await from.transaction((source) =>
  carryInto(source, {
    ...to,
    transaction: (work) =>
      to.transaction(async (inside) => {
        if (left === 0) die()
        const run: typeof inside.run = async (sql, params) => {
          const changed = await inside.run(sql, params)
          if (--left === 0) die()
          return changed
        }
        const result = await work({ ...inside, run })
        if (left > 0 && left < Infinity) die()
        return result
      }),
  } as typeof to),
)
die()
