/// <reference lib="dom" />
import { html } from 'htm/preact/standalone'
import type { VNode } from 'preact'
import type { Column } from './data-table.ts'
import { bytes, time } from './format.ts'
import { filterOf } from './overview-page.ts'
import { PagedList } from './paged-list.ts'

type Flow = {
  readonly time: string
  readonly user?: string | null
  readonly app?: string | null
  readonly dst?: string | null
  readonly port?: number | null
  readonly transport?: string | null
  readonly domain?: string | null
  readonly boundNames?: readonly string[] | null
  readonly country?: string | null
  readonly bytesOut?: number | null
  readonly verdict: {
    readonly verdict: string
    readonly rule: string | null
    readonly mode: string
    readonly explain: string
  } | null
}

const COLUMNS: readonly Column<Flow>[] = [
  { title: 'Time', cell: (flow) => time(flow.time) },
  { title: 'Verdict', cell: (flow) => html`<${Verdict} verdict=${flow.verdict} />` },
  {
    title: 'Destination',
    cell: (flow) => html`<${Only} by="destination" value=${flow.domain ?? flow.boundNames?.[0] ?? flow.dst} />`,
  },
  {
    title: 'Port',
    cell: ({ transport, port }) => (port === null || port === undefined ? (transport ?? '') : `${transport}/${port}`),
  },
  { title: 'Application', cell: (flow) => html`<${Only} by="app" value=${flow.app} />` },
  { title: 'User', cell: (flow) => flow.user ?? '' },
  { title: 'Country', cell: (flow) => flow.country ?? '' },
  { title: 'Sent', number: true, cell: (flow) => bytes(flow.bytesOut) },
  { title: 'Why', cell: (flow) => flow.verdict?.rule ?? flow.verdict?.explain ?? '' },
]

/** Shows only flows with the same. */
function Only({ by, value }: { readonly by: string; readonly value: string | null | undefined }): VNode | null {
  if (value === null || value === undefined || value === '') return null
  return html`<a href=${`#/flows/${encodeURIComponent(filterOf(by, value))}`}>${value}</a>`
}

function Verdict({ verdict }: { readonly verdict: Flow['verdict'] }): VNode {
  if (verdict === null) return html`<span>seen</span>`
  if (verdict.verdict === 'allow') return html`<span class="allow">left</span>`
  return verdict.mode === 'monitor'
    ? html`<span class="watch">would be stopped</span>`
    : html`<span class="deny">stopped</span>`
}

/** Everything that left or was stopped, as it happens. */
export function FlowsPage({ filter }: { readonly filter: string }): VNode {
  return html`<h1>Flows</h1>
    <${PagedList}
      path="/flows"
      name="flows"
      caption="Flows, newest first"
      columns=${COLUMNS}
      events=${['stored']}
      filter=${{
        label: 'Filter',
        key: 'filter',
        placeholder: 'domain:*.github.com verdict:deny since:1h app:/usr/bin/*',
        initial: filter,
        // So that the address of the page says what is shown.
        onText: (text: string) => history.replaceState(null, '', `#/flows/${encodeURIComponent(text)}`),
      }}
      empty=${html`No flow. Take terms away from the filter, or let something leave:
        <code>curl https://example.com</code>. A filter is <code>KEY:VALUE</code>: <code>app:/usr/bin/*</code>,
        <code>user:root</code>, <code>country:DE</code>, <code>-verdict:allow</code>, <code>since:1h</code>.`}
    />`
}
