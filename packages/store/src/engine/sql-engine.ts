import type { Layout } from '../schema/layout.ts'
import type { RenderFormat } from './render-to-file.ts'

/** Values for `{name:Type}` placeholders: they never become part of the statement's text. */
export type SqlParams = { readonly [name: string]: string | number }

export type Row = { readonly [column: string]: unknown }

/** Values by column, as many of each. */
export type ColumnValues = { readonly [column: string]: readonly unknown[] }

/** Types by name, in their order. Part of the statement's text, so ours alone. */
export type Columns = { readonly [name: string]: string }

/** What the store asks of ClickHouse, wherever it runs. */
export type SqlEngine = Disposable & {
  readonly layout: Layout
  /** Defines tables, or changes them or what they hold, where the tables themselves lie. */
  readonly define: (statement: string) => Promise<void>
  /** An INSERT … SELECT over the tables of all shards. */
  readonly fill: (statement: string) => Promise<void>
  readonly query: (statement: string, params: SqlParams) => Promise<readonly Row[]>
  /** The same with its columns in place of rows: of many rows, a part of the text. */
  readonly queryColumns: (statement: string, params: SqlParams) => Promise<ColumnValues>
  /** `rows` is JSONEachRow. A batch that was inserted under the same token before is not inserted again. */
  readonly insert: (table: string, rows: Uint8Array, token: string) => Promise<void>
  /** The same for a block of these columns in ClickHouse's Native format, which it need not parse. */
  readonly insertNative: (
    table: string,
    columns: Columns,
    pieces: readonly Uint8Array[],
    token: string,
  ) => Promise<void>
  /**
   * The answer in another format of ClickHouse's, of any length, in a file that is the asker's to remove: its path. The statement ends
   * with its settings.
   */
  readonly render: (statement: string, params: SqlParams, format: RenderFormat) => Promise<string>
}
