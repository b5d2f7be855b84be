import { open, rm } from 'node:fs/promises'
import { SallyportError } from '@sallyport/policy'
import type { SqlParams } from './sql-engine.ts'

export type RenderFormat = 'Parquet' | 'CSVWithNames'

/** What stands at the end of a file, and whether it is there for us alone. */
const FORMATS = {
  Parquet: { written: 'Parquet', settings: '', end: 'PAR1', isOurs: false },
  CSVWithNames: {
    written: 'CustomSeparatedWithNames',
    settings: `, format_custom_escaping_rule = 'CSV', format_custom_field_delimiter = ',', format_custom_row_after_delimiter = '\\n',
      format_custom_result_after_delimiter = 'end\\n'`,
    end: 'end\n',
    isOurs: true,
  },
} as const

/**
 * The library takes a disk that became full for the end of the file, and says nothing: what lacks its end is refused. The statement
 * ends with its settings.
 */
export async function renderToFile(
  run: (statement: string, params: SqlParams) => Promise<unknown>,
  statement: string,
  params: SqlParams,
  format: RenderFormat,
  path: string,
): Promise<void> {
  const { written, settings, end, isOurs } = FORMATS[format]
  try {
    await run(`INSERT INTO FUNCTION file({outputPath:String}, '${written}') ${statement}${settings}`, {
      ...params,
      outputPath: path,
    })
    await using file = await open(path, 'r+')
    const { size } = await file.stat()
    const last = Buffer.alloc(end.length)
    await file.read(last, 0, last.length, Math.max(0, size - last.length))
    if (last.toString('latin1') !== end)
      throw new SallyportError('store-unavailable', `the export does not fit beside the flow store`, {
        remedy: `Make room on the file system of ${path}.`,
      })
    if (isOurs) await file.truncate(size - end.length)
  } catch (error) {
    await rm(path, { force: true })
    throw error
  }
}
