/** What a spreadsheet would take for a formula (OWASP, CSV injection). */
const FORMULA = /^[=+\-@\t\r]/

/** The first line of a table (RFC 4180). */
export function csvHead(columns: readonly string[]): string {
  return `${columns.join(',')}\r\n`
}

/** One row; a column is a key, or keys joined by dots. */
export function csvLine(columns: readonly string[], row: object): string {
  return `${columns.map((column) => cell(valueAt(row, column))).join(',')}\r\n`
}

function valueAt(row: object, column: string): unknown {
  return column.split('.').reduce<unknown>((value, key) => (value as Record<string, unknown> | null)?.[key], row)
}

function cell(value: unknown): string {
  if (value === null || value === undefined) return ''
  if (typeof value === 'number' || typeof value === 'boolean') return String(value)
  const text = typeof value === 'string' ? value : JSON.stringify(value)
  const safe = FORMULA.test(text) ? `'${text}` : text
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe
}
