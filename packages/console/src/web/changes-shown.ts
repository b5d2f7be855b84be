/// <reference lib="dom" />
import { html } from 'htm/preact/standalone'
import type { VNode } from 'preact'
import { DataTable, type Column } from './data-table.ts'
import { count } from './format.ts'

type Group = {
  readonly change: 'blocked' | 'allowed' | 'undetermined'
  readonly destination: string
  readonly port: string
  readonly flows: number
  readonly rule: string | null
  readonly apps: readonly string[]
  readonly users: readonly string[]
}
export type Simulation = { readonly flows: number; readonly unchanged: number; readonly groups: readonly Group[] }

const CLASS = { blocked: 'deny', allowed: 'allow', undetermined: 'watch' } as const
const WORDS = { blocked: 'would be blocked', allowed: 'would be allowed', undetermined: 'cannot be said' } as const
const COLUMNS: readonly Column<Group>[] = [
  { title: 'Change', cell: ({ change }) => html`<span class=${CLASS[change]}>${WORDS[change]}</span>` },
  { title: 'Flows', number: true, cell: ({ flows }) => count(flows) },
  { title: 'Destination', main: true, cell: ({ destination, port }) => `${destination} ${port}` },
  { title: 'By', cell: ({ rule }) => rule ?? 'default' },
  { title: 'Who', cell: ({ apps, users }) => [...apps, ...users].join(', ') },
]

/** What a policy, enforced, would have changed on recorded flows. */
export function ChangesShown({ simulation }: { readonly simulation: Simulation }): VNode {
  const { flows, unchanged, groups } = simulation
  return html`<section aria-label="What this would change">
    <h2>What this would change</h2>
    <p role="status">${count(flows - unchanged)} of ${count(flows)} flows of the last 30 days.</p>
    <${DataTable}
      caption="Changes"
      columns=${COLUMNS}
      rows=${groups}
      empty="Nothing: every recorded flow goes on as before."
    />
  </section>`
}
