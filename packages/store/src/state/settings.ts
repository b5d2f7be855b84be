import type { StateDatabase } from './state-database.ts'

/** Named values, JSON. */
export class Settings {
  readonly #database: StateDatabase

  constructor(database: StateDatabase) {
    this.#database = database
  }

  /** Whoever asks parses what comes back. */
  async get(name: string): Promise<unknown> {
    const row = await this.#database.get('SELECT value FROM settings WHERE name = $name', { name })
    return row === null ? undefined : JSON.parse(String(row['value']))
  }

  async set(name: string, value: unknown, author: string, nowMs: number): Promise<void> {
    await this.#database.run(
      `INSERT INTO settings (name, value, author, "changedMs") VALUES ($name, $value, $author, $changedMs)
      ON CONFLICT (name) DO UPDATE SET value = excluded.value, author = excluded.author, "changedMs" = excluded."changedMs"`,
      { name, value: JSON.stringify(value), author, changedMs: nowMs },
    )
  }

  async delete(name: string): Promise<boolean> {
    return (await this.#database.run('DELETE FROM settings WHERE name = $name', { name })) > 0
  }
}
