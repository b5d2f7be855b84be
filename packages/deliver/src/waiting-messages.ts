import { closeSync, openSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import type { Message } from './message.ts'

export type Waiting = { readonly number: number; readonly message: Message }

/** So many batches are known again when they come a second time. */
const REMEMBERED = 10_000

const TABLES = `
  PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA busy_timeout = 1000;
  CREATE TABLE IF NOT EXISTS waiting (number INTEGER PRIMARY KEY AUTOINCREMENT, target TEXT NOT NULL, message TEXT NOT NULL) STRICT;
  CREATE INDEX IF NOT EXISTS waiting_by_target ON waiting (target, number);
  CREATE TABLE IF NOT EXISTS batches (number INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE) STRICT;`

/** What waits to be sent, on disk: a process that is killed finds it again. A batch that was added before is not added again. */
export class WaitingMessages implements Disposable {
  readonly #database: DatabaseSync

  private constructor(database: DatabaseSync) {
    this.#database = database
  }

  /** A file, or `:memory:`. Throws where it cannot be opened. */
  static open(path: string): WaitingMessages {
    // What is sent may be nobody else's to read.
    if (path !== ':memory:') closeSync(openSync(path, 'a', 0o600))
    const database = new DatabaseSync(path)
    try {
      database.exec(TABLES)
    } catch (error) {
      database.close()
      throw error
    }
    return new WaitingMessages(database)
  }

  /** All of a batch for all targets, or nothing of it; false where it was added before. `roomFor` says how many a target takes. */
  add(id: string, messages: readonly Message[], roomFor: ReadonlyMap<string, number>): boolean {
    this.#database.exec('BEGIN IMMEDIATE')
    try {
      const isNew = this.#run('INSERT OR IGNORE INTO batches (id) VALUES (?)', id) > 0
      if (isNew) {
        const insert = this.#database.prepare('INSERT INTO waiting (target, message) VALUES (?, ?)')
        const texts = messages.map((message) => JSON.stringify(message))
        for (const [target, room] of roomFor) for (const text of texts.slice(0, room)) insert.run(target, text)
        this.#run('DELETE FROM batches WHERE number <= (SELECT max(number) FROM batches) - ?', REMEMBERED)
      }
      this.#database.exec('COMMIT')
      return isNew
    } catch (error) {
      if (this.#database.isTransaction) this.#database.exec('ROLLBACK')
      throw error
    }
  }

  count(target: string): number {
    return Number(this.#database.prepare('SELECT count(*) AS n FROM waiting WHERE target = ?').get(target)?.['n'])
  }

  /** The oldest first. */
  first(target: string, limit: number): readonly Waiting[] {
    const rows = this.#database
      .prepare('SELECT number, message FROM waiting WHERE target = ? ORDER BY number LIMIT ?')
      .all(target, limit)
    return rows.map(({ number, message }) => ({
      number: Number(number),
      message: JSON.parse(String(message)) as Message,
    }))
  }

  /** Up to this one, itself included. */
  remove(target: string, number: number): void {
    this.#run('DELETE FROM waiting WHERE target = ? AND number <= ?', target, number)
  }

  /** What waits for nobody who is named any more; says how many. */
  removeOthers(targets: readonly string[]): number {
    return this.#run(
      'DELETE FROM waiting WHERE target NOT IN (SELECT value FROM json_each(?))',
      JSON.stringify(targets),
    )
  }

  [Symbol.dispose](): void {
    this.#database.close()
  }

  #run(sql: string, ...values: readonly (string | number)[]): number {
    return Number(this.#database.prepare(sql).run(...values).changes)
  }
}
