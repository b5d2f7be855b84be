import { SallyportError } from '@sallyport/policy'

/** Where a page begins and how long it may be. */
export type At = { readonly limit: number; readonly after?: string }
/** `next` is the `after` of the page that follows; null at the end. */
export type Page<T = object> = { readonly rows: readonly T[]; readonly next: string | null }

/** A page of rows that are all there. */
export function pageOf<T>(rows: readonly T[], { limit, after }: At): Page<T> {
  const from = offsetOf(after)
  const next = from + limit
  return { rows: rows.slice(from, next), next: next < rows.length ? String(next) : null }
}

/** Of cursors that count rows. */
export function offsetOf(after: string | undefined): number {
  if (after === undefined) return 0
  if (/^\d{1,9}$/.test(after)) return Number(after)
  throw new SallyportError('usage', `"${after}" is not the end of a page`, {
    remedy: 'Give the `next` of the page before.',
  })
}

/** Rows that have the text in one of their values, in capitals or not. */
export function containing<T extends object>(rows: readonly T[], text: string): readonly T[] {
  const wanted = text.toLowerCase()
  return wanted === ''
    ? rows
    : rows.filter((row) => Object.values(row).some((value) => asText(value).toLowerCase().includes(wanted)))
}

function asText(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value)
}
