export type StateRow = { readonly [column: string]: unknown }
export type StateValue = string | number | null
/** By name: `$limit` in a statement is `limit` here. */
export type StateParams = Readonly<Record<string, StateValue>>

export type StateStatements = {
  readonly all: (sql: string, params?: StateParams) => Promise<readonly StateRow[]>
  readonly get: (sql: string, params?: StateParams) => Promise<StateRow | null>
  /** Returns how many rows changed. */
  readonly run: (sql: string, params?: StateParams) => Promise<number>
}

/**
 * SQLite or PostgreSQL with the newest tables; a statement's text is the same for both. Every change is on disk when its
 * statement, or the transaction around it, returns. Calls throw `state-unavailable` while the database does not answer.
 */
export type StateDatabase = StateStatements &
  AsyncDisposable & {
    /**
     * All of it or nothing, also when a process dies, and as if no other transaction ran at the time. Work asks `inside`
     * only, and has no other effect: it may be done again when another transaction came between.
     */
    readonly transaction: <T>(work: (inside: StateStatements) => Promise<T>) => Promise<T>
  }

/** PostgreSQL's text holds no NUL; what is refused there must not differ here. */
export function storableParams(params: StateParams): Record<string, StateValue> {
  return Object.fromEntries(
    Object.entries(params).map(([name, value]) => [
      name,
      typeof value === 'string' ? value.replaceAll('\0', '\u{FFFD}') : value,
    ]),
  )
}
