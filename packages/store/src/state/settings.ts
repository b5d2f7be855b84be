import type { StateDatabase } from './state-database.ts'

/** Named values, JSON. */
export class Settings {
  readonly #database: StateDatabase

  constructor(database: StateDatabase) {
    this.#database = database
  }

  /** Whoever asks parses what comes back. */
  get(name: string): unknown {
    const row = this.#database.get('SELECT value FROM settings WHERE name = $name', { name })
    return row === null ? undefined : JSON.parse(String(row['value']))
  }

  set(name: string, value: unknown, author: string, nowMs: number): void {
    this.#database.run(
      `INSERT INTO settings (name, value, author, "changedMs") VALUES ($name, $value, $author, $changedMs)
      ON CONFLICT (name) DO UPDATE SET value = excluded.value, author = excluded.author, "changedMs" = excluded."changedMs"`,
      { name, value: JSON.stringify(value), author, changedMs: nowMs },
    )
  }

  delete(name: string): boolean {
    return this.#database.run('DELETE FROM settings WHERE name = $name', { name }) > 0
  }
}
