import type { SqlEngine } from '../engine/sql-engine.ts'
import type { FlowFilter } from '../filter/condition.ts'
import { filterSql } from '../filter/filter-sql.ts'

export const EXPORT_FORMATS = ['parquet', 'csv'] as const
export type ExportFormat = (typeof EXPORT_FORMATS)[number]

const ADDRESSES = ['src', 'dst'].map((name) => `replaceOne(IPv6NumToString(${name}), '::ffff:', '') AS ${name}`)
const TEXTS = ['device', 'user', 'app', 'unit', 'container', 'protocol', 'country', 'rule', 'layer', 'explain']
const LISTS = ['names', 'parents']

/**
 * A spreadsheet takes a cell that begins so for a formula, and runs it; who names a flow's user or unit may be a stranger (CWE-1236).
 * The apostrophe makes it a text. `facts`, which begins with a brace, has it as it was.
 */
const CELLS = [
  ...TEXTS.map((name) => `replaceRegexpOne(${name}, '^[-=+@\\t\\r\\n]', '\\'\\\\0') AS ${name}`),
  ...LISTS.map((name) => `toJSONString(${name}) AS ${name}`),
]

/** One thread and small pieces: what is written leaves memory while the rest is read, however many flows there are. */
const SETTINGS = `max_threads = 1, max_block_size = 8192, output_format_parallel_formatting = 0,
  output_format_parquet_row_group_size = 65536, format_csv_null_representation = ''`

/** Oldest first, one row a flow; `facts` is the flow as JSON. The path of a file that the asker removes. */
export function exportFlows(engine: SqlEngine, filter: FlowFilter, format: ExportFormat): Promise<string> {
  const where = filterSql(filter)
  const columns = [...ADDRESSES, ...(format === 'csv' ? CELLS : [])]
  // Within, columns have the types that the filter asks for.
  const statement = `SELECT * REPLACE (${columns.join(', ')}) FROM (
      SELECT * EXCEPT (batch, seq, flow, started, destination, known, otherFacts) FROM flows WHERE ${where.sql}
      ORDER BY time, flow, started LIMIT 1 BY time, flow
    ) SETTINGS ${SETTINGS}`
  return engine.render(statement, where.params, format === 'parquet' ? 'Parquet' : 'CSVWithNames')
}
