import { csvHead, csvLine } from './csv-lines.ts'
import type { At, Page } from './page-of.ts'

export const EXPORT_TYPES = { jsonl: 'application/x-ndjson; charset=utf-8', csv: 'text/csv; charset=utf-8' } as const
export type ExportFormat = keyof typeof EXPORT_TYPES

const MAX_ROWS = 1_000_000

/** The first page and all that follow it, a page at a time, up to a million rows. */
export async function* exportRows(
  first: Page,
  pageAt: (at: At) => Promise<Page>,
  {
    format,
    columns,
    limit,
  }: { readonly format: ExportFormat; readonly columns: readonly string[]; readonly limit: number },
): AsyncGenerator<string> {
  if (format === 'csv') yield csvHead(columns)
  let sent = 0
  for (let page = first; ; page = await pageAt({ limit, after: page.next! })) {
    yield page.rows.map((row) => (format === 'csv' ? csvLine(columns, row) : `${JSON.stringify(row)}\n`)).join('')
    sent += page.rows.length
    if (page.next === null || sent >= MAX_ROWS) return
  }
}
