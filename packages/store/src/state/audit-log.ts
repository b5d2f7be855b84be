import type { StateDatabase } from './state-database.ts'

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

  add(entry: Omit<AuditEntry, 'id'>): void {
    this.#database.run(
      `INSERT INTO audit (id, "timeMs", actor, action, target)
      SELECT coalesce(max(id), 0) + 1, $timeMs, $actor, $action, $target FROM audit`,
      entry,
    )
  }

  /** Newest first, those with the text in who, what or to what; `before` is the id after which the page comes. */
  list(limit: number, before: number = Number.MAX_SAFE_INTEGER, search: string = ''): readonly AuditEntry[] {
    const rows = this.#database.all(
      `SELECT * FROM audit WHERE id < $before AND lower(actor || ' ' || action || ' ' || target) LIKE $like ESCAPE '\\'
      ORDER BY id DESC LIMIT $limit`,
      { before, limit, like: `%${search.toLowerCase().replace(/[\\%_]/g, '\\$&')}%` },
    )
    return rows as unknown as readonly AuditEntry[]
  }
}
