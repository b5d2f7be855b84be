import type { SqlEngine } from '../engine/sql-engine.ts'
import type { FlowFilter } from '../filter/condition.ts'
import { filterSql } from '../filter/filter-sql.ts'

export const EXPORT_FORMATS = ['parquet', 'csv'] as const
export type ExportFormat = (typeof EXPORT_FORMATS)[number]

/** Oldest first, one row a flow; `facts` is the flow as JSON. */
export function exportFlows(engine: SqlEngine, filter: FlowFilter, format: ExportFormat): Promise<Uint8Array> {
  const where = filterSql(filter)
  const statement = `SELECT * EXCEPT (batch, seq, flow, started, destination) FROM flows WHERE ${where.sql}
    ORDER BY time, flow, started LIMIT 1 BY time, flow`
  return engine.render(statement, where.params, format === 'parquet' ? 'Parquet' : 'CSVWithNames')
}
