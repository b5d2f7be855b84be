import { hostname } from 'node:os'
import { encodeMessage } from '@sallyport/deliver'
import type { FlowRecord } from '@sallyport/flow'
import type { FlowFilter, FlowQueries, ListedFlow } from '@sallyport/store'
import { version } from '../version.ts'
import type { Put } from './write-export.ts'

/** Written line by line, a page at a time, newest first. */
export const LINE_FORMATS = ['jsonl', 'ocsf', 'cef'] as const
type LineFormat = (typeof LINE_FORMATS)[number]

const PAGE = 10_000

export function isLineFormat(format: string): format is LineFormat {
  return (LINE_FORMATS as readonly string[]).includes(format)
}

export async function putFlowLines(
  store: FlowQueries,
  filter: FlowFilter,
  format: LineFormat,
  put: Put,
): Promise<void> {
  const origin = { host: hostname(), version: version(), pid: process.pid }
  const encode = (flow: ListedFlow): string =>
    format === 'jsonl' ? JSON.stringify(flow) : encodeMessage({ kind: 'flow', flow: withVerdict(flow) }, format, origin)
  for (let after: string | undefined; ;) {
    const page = await store.list(filter, { limit: PAGE, ...(after === undefined ? {} : { after }) })
    if (page.flows.length > 0) await put(`${page.flows.map(encode).join('\n')}\n`)
    if (page.next === null) return
    after = page.next
  }
}

/** A flow of another tool's log was neither allowed nor refused by us. */
function withVerdict({ verdict, ...flow }: ListedFlow): FlowRecord {
  const seen = { rule: null, layer: '', mode: 'monitor', stage: 'connect', reason: 'default', explain: '' } as const
  return { ...flow, verdict: verdict ?? { verdict: 'undetermined', ...seen } }
}
