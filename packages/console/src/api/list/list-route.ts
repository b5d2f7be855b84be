import * as z from 'zod'
import type { DeskEvent } from '../../desk/desk-events.ts'
import type { ApiContext } from '../api-context.ts'
import { route, type Caller, type Route } from '../route.ts'
import { Streamed } from '../streamed.ts'
import { EXPORT_TYPES, exportRows, type ExportFormat } from './export-rows.ts'
import { liveRows } from './live-rows.ts'
import type { At, Page } from './page-of.ts'

type Definition<Shape extends z.ZodRawShape> = Pick<Route, 'path' | 'summary'> & {
  readonly role: NonNullable<Route['role']>
  /** The key of the answer under which the rows are. */
  readonly name: string
  readonly row: z.ZodType
  /** What a row has, as a table; a key, or keys joined by dots. */
  readonly columns: readonly string[]
  readonly query: Shape
  /** Rows of a page: the most, and when nothing is said. */
  readonly most?: number
  readonly usual?: number
  /** After which events a stream of it looks for rows that are new, or have changed. */
  readonly live: readonly DeskEvent['kind'][]
  /** Whether its rows are sums over all flows, which a stream may ask for in a tenth of the time at most. */
  readonly isSum?: boolean
  readonly page: (
    asked: z.output<z.ZodObject<Shape>>,
    at: At,
    context: ApiContext,
    caller: Caller,
  ) => Page | Promise<Page>
}

const STREAMED_PAGE = 200
const REST = 9

type Reading = { readonly limit: number; readonly after?: string; readonly format: 'json' | 'sse' | ExportFormat }

/** A list: in pages, as a whole to keep, and as a stream. */
export function listRoute<Shape extends z.ZodRawShape>(definition: Definition<Shape>): Route {
  const { path, role, summary, name, row, columns, query, most = 1000, usual = 100, live, isSum, page } = definition
  const reading = {
    limit: z.coerce.number().int().min(1).max(most).default(usual),
    after: z.string().max(500).optional(),
    format: z.enum(['json', 'jsonl', 'csv', 'sse']).default('json'),
  }
  return route<object>({
    method: 'GET',
    path,
    role,
    summary,
    query: z.strictObject({ ...query, ...reading }) as z.ZodType<object>,
    body: null,
    answer: row,
    list: { name },
    handle: async ({ query: given, caller }, context) => {
      const { limit, after, format, ...rest } = given as Reading
      const asked = rest as z.output<z.ZodObject<Shape>>
      const pageAt = async (at: At): Promise<Page> => page(asked, at, context, caller)
      const from = after === undefined ? {} : { after }
      switch (format) {
        case 'json': {
          const { rows, next } = await pageAt({ limit, ...from })
          return { [name]: rows, next }
        }
        case 'sse': {
          const newest = (): Promise<Page> => pageAt({ limit: Math.min(most, STREAMED_PAGE) })
          return new Streamed('text/event-stream', null, (signal) =>
            liveRows(newest, context.events, live, isSum === true ? REST : 0, signal),
          )
        }
        default: {
          // Here, so that what is wrong with the question is an answer and no broken file.
          const first = await pageAt({ limit: most, ...from })
          const pieces = (): AsyncIterable<string> => exportRows(first, pageAt, { format, columns, limit: most })
          return new Streamed(EXPORT_TYPES[format], `${name}.${format}`, pieces)
        }
      }
    },
  })
}
