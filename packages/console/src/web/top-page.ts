/// <reference lib="dom" />
import { html } from 'htm/preact/standalone'
import type { VNode } from 'preact'
import { get } from './api.ts'
import { DataTable, type Column } from './data-table.ts'
import { bytes, count, destination, time } from './format.ts'
import { Problem, useLoaded } from './load.ts'
import { filterOf, type TopRow } from './overview-page.ts'

const KINDS: Readonly<Record<string, readonly (readonly [string, string])[]>> = {
  destinations: [
    ['destination', 'Names and addresses'],
    ['country', 'Countries'],
    ['asn', 'Networks'],
    ['port', 'Ports'],
  ],
  applications: [
    ['app', 'Applications'],
    ['user', 'Users'],
    ['unit', 'Units'],
  ],
}
const FILTERED = ['destination', 'app', 'user', 'unit', 'country', 'asn']

/** Who sends most, and where to. `by` is one of the page's kinds. */
export function TopPage({ page, by }: { readonly page: 'destinations' | 'applications'; readonly by: string }): VNode {
  const kinds = KINDS[page]!
  const [kind, title] = kinds.find(([each]) => each === by) ?? kinds[0]!
  const { data, error } = useLoaded(
    `top ${kind}`,
    () => get<{ rows: TopRow[] }>('/top', { by: kind, filter: 'since:30d', limit: 200 }),
    ['stored'],
  )
  const columns: readonly Column<TopRow>[] = [
    { title, cell: (row) => html`<${Key} kind=${kind} value=${row.key} />` },
    { title: 'Flows', number: true, cell: (row) => count(row.flows) },
    { title: 'Refused', number: true, cell: (row) => count(row.denied) },
    { title: 'Sent', number: true, cell: (row) => bytes(row.bytesOut) },
    { title: 'Received', number: true, cell: (row) => bytes(row.bytesIn) },
    { title: 'First seen', cell: (row) => time(row.firstSeen) },
    { title: 'Last seen', cell: (row) => time(row.lastSeen) },
  ]
  return html`<h1>${page === 'destinations' ? 'Destinations' : 'Applications'}</h1>
    <nav class="tabs" aria-label="By">
      ${kinds.map(([each, name]) => html`<a href="#/${page}/${each}" aria-current=${each === kind ? 'page' : undefined}>${name}</a>`)}
    </nav>
    <${Problem} error=${error} />
    ${data === null ? null : html`<${DataTable} caption=${`${title}, busiest first, last 30 days`} columns=${columns} rows=${data.rows} empty="Nothing has left yet." />`}`
}

function Key({ kind, value }: { readonly kind: string; readonly value: string }): VNode {
  if (value === '') return html`<span>unknown</span>`
  if (!FILTERED.includes(kind)) return html`<span>${value}</span>`
  return html`<a href="#/flows/${encodeURIComponent(filterOf(kind, value))}">${destination(value)}</a>`
}
