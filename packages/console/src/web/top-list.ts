/// <reference lib="dom" />
import { html } from 'htm/preact/standalone'
import type { VNode } from 'preact'
import type { Column } from './data-table.ts'
import { bytes, count, minute } from './format.ts'
import { Named } from './named.ts'
import type { TopRow } from './overview-page.ts'
import { PagedList } from './paged-list.ts'

/** Kinds that a filter of flows can name. */
const FILTERED = ['destination', 'app', 'user', 'unit', 'country', 'asn', 'rule', 'device']

/** The busiest of a kind, each leading to its flows. */
export function TopList(props: {
  readonly by: string
  readonly title: string
  readonly filter: string
  readonly empty: unknown
}): VNode {
  const { by, title, filter, empty } = props
  const columns: readonly Column<TopRow>[] = [
    { title, main: true, cell: (row) => html`<${Key} by=${by} value=${row.key} filter=${filter} />` },
    { title: 'Flows', number: true, cell: (row) => count(row.flows) },
    { title: 'Refused', number: true, cell: (row) => count(row.denied) },
    { title: 'Sent', number: true, cell: (row) => bytes(row.bytesOut) },
    { title: 'Received', number: true, cell: (row) => bytes(row.bytesIn) },
    { title: 'First seen', whole: true, cell: (row) => minute(row.firstSeen) },
    { title: 'Last seen', whole: true, cell: (row) => minute(row.lastSeen) },
  ]
  return html`<${PagedList}
    key=${by}
    path="/top"
    name="rows"
    query=${{ by, filter }}
    caption=${`${title}, busiest first`}
    columns=${columns}
    events=${['stored']}
    empty=${empty}
  />`
}

function Key({ by, value, filter }: { readonly by: string; readonly value: string; readonly filter: string }): VNode {
  if (value === '') return html`<span>unknown</span>`
  if (!FILTERED.includes(by)) return html`<span>${value}</span>`
  return html`<${Named} by=${by} value=${value} within=${filter} />`
}
