import { SallyportError } from '@sallyport/policy'

const INSTANT = /^\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?(Z|[+-]\d{2}:\d{2}))?$/

/** `2027-03-31` or `2027-03-31T12:00:00Z`; local times without a zone would mean something else on another machine. */
export function parseTime(text: string | undefined): number {
  if (text === undefined) return Date.now()
  const value = INSTANT.test(text) ? Date.parse(text) : Number.NaN
  if (Number.isNaN(value)) throw new SallyportError('time-invalid', `"${text}" is not a time`)
  return value
}
