/// <reference lib="dom" />
import { html, useState } from 'htm/preact/standalone'
import type { VNode } from 'preact'
import type { RuleUse } from '../api/rule-use.ts'
import type { Column } from './data-table.ts'
import { count, time } from './format.ts'
import { PagedList } from './paged-list.ts'
import { Period } from './period.ts'

const USE = { used: '', unused: 'decided nothing', gone: 'in the policy no more' } as const
const COLUMNS: readonly Column<RuleUse>[] = [
  {
    title: 'Rule',
    cell: ({ rule }) =>
      rule === null
        ? 'no rule matched'
        : html`<a href=${`#/flows/${encodeURIComponent(`rule:"${rule}"`)}`}>${rule}</a>`,
  },
  { title: 'Layer', cell: ({ layer }) => layer ?? '' },
  { title: 'Action', cell: ({ action }) => action },
  { title: 'Flows', number: true, cell: ({ flows }) => count(flows) },
  { title: 'Refused', number: true, cell: ({ denied }) => count(denied) },
  { title: 'Last', cell: ({ lastSeen }) => (lastSeen === null ? '' : time(lastSeen)) },
  { title: 'Ends', cell: ({ until }) => (until === null ? '' : time(until)) },
  { title: 'Use', cell: ({ use }) => html`<span class=${use === 'used' ? '' : 'watch'}>${USE[use]}</span>` },
]

/** How often each rule decides, and which could go. */
export function RulesList(): VNode {
  const [since, setSince] = useState('30d')
  const [use, setUse] = useState('')
  return html`<p class="actions">
      <${Period} value=${since} onChange=${setSince} />
      <label class="period"
        >Show
        <select onChange=${(event: Event) => setUse((event.target as HTMLSelectElement).value)}>
          <option value="">all rules</option>
          <option value="unused">rules that decided nothing</option>
          <option value="gone">rules that are in the policy no more</option>
        </select></label
      >
    </p>
    <${PagedList}
      path="/rules"
      name="rules"
      query=${use === '' ? { since } : { since, use }}
      caption="Rules in their order, with the flows that each decided"
      columns=${COLUMNS}
      events=${['stored', 'policy']}
      filter=${{ label: 'Search', key: 'search' }}
      empty="No rule. A policy without rules decides everything by its default."
    />`
}
