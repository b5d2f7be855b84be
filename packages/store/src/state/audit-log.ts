import type { StateDatabase, StateStatements } from './state-database.ts'

/** Who did what, to what. */
export type AuditEntry = {
  readonly id: number
  readonly timeMs: number
  readonly actor: string
  readonly action: string
  readonly target: string
}

export class AuditLog {
  readonly #database: StateDatabase

  constructor(database: StateDatabase) {
    this.#database = database
  }

  async add(entry: Omit<AuditEntry, 'id'>): Promise<void> {
    await this.#database.transaction((inside) => addOne(inside, entry))
  }

  /** Newest first, those with the text in who, what or to what; `before` is the id after which the page comes. */
  async list(
    limit: number,
    before: number = Number.MAX_SAFE_INTEGER,
    search: string = '',
  ): Promise<readonly AuditEntry[]> {
    const rows = await this.#database.all(
      `SELECT * FROM audit WHERE id < $before AND lower(actor || ' ' || action || ' ' || target) LIKE $like ESCAPE '\\'
      ORDER BY id DESC LIMIT $limit`,
      { before, limit, like: `%${search.toLowerCase().replace(/[\\%_]/g, '\\$&')}%` },
    )
    return rows as unknown as readonly AuditEntry[]
  }
}

async function addOne(inside: StateStatements, entry: Omit<AuditEntry, 'id'>): Promise<void> {
  const last = await inside.get('SELECT max(id) AS id FROM audit')
  await inside.run(
    'INSERT INTO audit (id, "timeMs", actor, action, target) VALUES ($id, $timeMs, $actor, $action, $target)',
    { id: Number(last?.['id'] ?? 0) + 1, ...entry },
  )
}
