/// <reference lib="dom" />
import { html, useEffect, useState } from 'htm/preact/standalone'
import type { VNode } from 'preact'
import { get } from './api.ts'
import { DataTable, type Column } from './data-table.ts'
import { bytes, time } from './format.ts'
import { Problem, useLoaded } from './load.ts'

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
type Page = { readonly flows: readonly Flow[]; readonly next: string | null }

const COLUMNS: readonly Column<Flow>[] = [
  { title: 'Time', cell: (flow) => time(flow.time) },
  { title: 'Verdict', cell: (flow) => html`<${Verdict} verdict=${flow.verdict} />` },
  { title: 'Destination', cell: (flow) => flow.domain ?? flow.boundNames?.[0] ?? flow.dst ?? '' },
  {
    title: 'Port',
    cell: ({ transport, port }) => (port === null || port === undefined ? (transport ?? '') : `${transport}/${port}`),
  },
  { title: 'Application', cell: (flow) => flow.app ?? '' },
  { title: 'User', cell: (flow) => flow.user ?? '' },
  { title: 'Country', cell: (flow) => flow.country ?? '' },
  { title: 'Sent', number: true, cell: (flow) => bytes(flow.bytesOut) },
  { title: 'Why', cell: (flow) => flow.verdict?.rule ?? flow.verdict?.explain ?? '' },
]

function Verdict({ verdict }: { readonly verdict: Flow['verdict'] }): VNode {
  if (verdict === null) return html`<span>seen</span>`
  if (verdict.verdict === 'allow') return html`<span class="allow">left</span>`
  return verdict.mode === 'monitor'
    ? html`<span class="watch">would be stopped</span>`
    : html`<span class="deny">stopped</span>`
}

export function FlowsPage({ filter }: { readonly filter: string }): VNode {
  const [text, setText] = useState(filter)
  const [older, setOlder] = useState<readonly Flow[]>([])
  const [next, setNext] = useState<string | null>(null)
  useEffect(() => setText(filter), [filter])
  const { data, error } = useLoaded(`flows ${filter}`, () => get<Page>('/flows', { filter, limit: 100 }), ['stored'])
  useEffect(() => {
    setOlder([])
    setNext(data?.next ?? null)
  }, [data])
  const search = (event: Event): void => {
    event.preventDefault()
    location.hash = `#/flows/${encodeURIComponent(text)}`
  }
  const more = async (): Promise<void> => {
    const page = await get<Page>('/flows', { filter, limit: 100, after: next! })
    setOlder([...older, ...page.flows])
    setNext(page.next)
  }
  return html`<h1>Flows</h1>
    <form class="filter" role="search" onSubmit=${search}>
      <label for="filter">Filter</label>
      <input
        id="filter"
        type="search"
        value=${text}
        onInput=${(event: Event) => setText((event.target as HTMLInputElement).value)}
        placeholder="domain:*.github.com verdict:deny since:1h app:/usr/bin/*"
        autocomplete="off"
        spellcheck="false"
      />
      <button>Show</button>
    </form>
    <${Problem} error=${error} />
    ${
      data === null
        ? null
        : html`<${DataTable}
            caption="Flows, newest first"
            columns=${COLUMNS}
            rows=${[...data.flows, ...older]}
            empty="No flow. Take terms away from the filter, or wait until something leaves this host."
          />`
    }
    ${next === null ? null : html`<button type="button" onClick=${more}>Older flows</button>`}`
}
