import type { FeedBuilder } from '../feed-builder.ts'
import type { FeedChoice } from '../feed.ts'
import { csvFields } from './csv-fields.ts'
import { destinationOfText } from './destination-of-text.ts'
import type { LineReader } from './line-reader.ts'
import { take } from './plain-reader.ts'

type Row = { readonly number: number; readonly text: string; readonly fields: readonly string[] }

const SAMPLE_ROWS = 50
const DELIMITERS = [',', ';', '\t', '|'] as const
const LINES_OF_A_ROW = 16

/** RFC 4180, with any of four delimiters. The column is chosen by name, by number, or as the one with most destinations. */
export function csvReader(builder: FeedBuilder, wanted: FeedChoice['column']): LineReader {
  let delimiter: string | null = null
  let comment = ''
  let sample: Row[] | null = []
  let column = -1
  let open = ''
  let openAt = 0
  const choose = (rows: readonly Row[]): void => {
    sample = null
    const header = headerOf(rows, comment, delimiter ?? ',')
    column = columnOf(rows, header, wanted)
    if (column < 0)
      builder.invalidate(`there is no column "${wanted}"; the columns are ${header.join(', ') || 'not named'}`)
    rows.slice(header.length > 0 && isHeader(rows[0]!) ? 1 : 0).forEach(value)
  }
  const value = ({ number, text, fields }: Row): void => {
    const field = fields[column]?.trim() ?? ''
    if (field === '') builder.unusable(number, 'nothing in the column', text)
    else take(builder, field, number, text)
  }
  return {
    line: (line, number) => {
      const text = open === '' ? line : `${open}\n${line}`
      if (open === '') openAt = number
      if (open === '' && (line.trim() === '' || line.startsWith('#'))) {
        if (line.length > 1) comment = line.replace(/^#+\s*/, '')
        return
      }
      delimiter ??= DELIMITERS.reduce((best, each) => (text.split(each).length > text.split(best).length ? each : best))
      const fields = csvFields(text, delimiter)
      if (fields === null && number - openAt < LINES_OF_A_ROW) {
        open = text
        return
      }
      open = ''
      if (fields === null) return builder.unusable(openAt, 'a quotation mark that is not closed', text)
      const row = { number: openAt, text, fields }
      if (sample === null) return value(row)
      if (sample.push(row) === SAMPLE_ROWS) choose(sample)
    },
    end: () => {
      if (open !== '') builder.unusable(openAt, 'a quotation mark that is not closed', open)
      if (sample !== null) choose(sample)
    },
  }
}

const isDestination = (field: string): boolean => !('reason' in destinationOfText(field.trim()))
const isHeader = ({ fields }: Row): boolean => !fields.some(isDestination)

/** The first row when nothing in it is a destination; else the last comment before it, when it has as many columns. */
function headerOf(rows: readonly Row[], comment: string, delimiter: string): readonly string[] {
  const first = rows[0]
  if (first === undefined) return []
  const names = isHeader(first) ? first.fields : (csvFields(comment, delimiter) ?? [])
  return names.length === first.fields.length ? names.map((name) => name.trim()) : []
}

function columnOf(rows: readonly Row[], header: readonly string[], wanted: FeedChoice['column']): number {
  const width = Math.max(0, ...rows.map(({ fields }) => fields.length))
  if (typeof wanted === 'number') return wanted >= 1 && wanted <= width ? wanted - 1 : -1
  if (wanted !== undefined) return header.findIndex((name) => name.toLowerCase() === wanted.toLowerCase())
  let best = 0
  let most = -1
  for (let at = 0; at < Math.min(width, 256); at++) {
    const count = rows.filter(({ fields }) => isDestination(fields[at] ?? '')).length
    if (count > most) [best, most] = [at, count]
  }
  return best
}
