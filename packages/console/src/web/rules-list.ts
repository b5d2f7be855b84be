/// <reference lib="dom" />
import { html, useState } from 'htm/preact/standalone'
import type { VNode } from 'preact'
import type { RuleUse } from '../api/rule-use.ts'
import { Chosen } from './chosen.ts'
import type { Column } from './data-table.ts'
import { count, minute } from './format.ts'
import { PagedList } from './paged-list.ts'
import { Period } from './period.ts'

const SHOWN: Readonly<Record<string, string>> = {
  '': 'all rules',
  unused: 'rules that decided nothing',
  gone: 'rules that are in the policy no more',
}
const USE = { unused: 'decided nothing', gone: 'in the policy no more' } as const
const COLUMNS: readonly Column<RuleUse>[] = [
  {
    title: 'Rule',
    main: true,
    cell: ({ rule }) =>
      rule === null
        ? 'no rule matched'
        : html`<a href=${`#/flows/${encodeURIComponent(`rule:"${rule}"`)}`}>${rule}</a>`,
  },
  { title: 'Layer', cell: ({ layer }) => layer ?? '' },
  { title: 'Action', cell: ({ action }) => action },
  { title: 'Flows', number: true, cell: ({ flows }) => count(flows) },
  { title: 'Refused', number: true, cell: ({ denied }) => count(denied) },
  { title: 'Last', whole: true, cell: ({ lastSeen }) => (lastSeen === null ? '' : minute(lastSeen)) },
  { title: 'Ends', whole: true, cell: ({ until }) => (until === null ? '' : minute(until)) },
  { title: 'Use', cell: ({ use }) => (use === 'used' ? '' : html`<span class="watch">${USE[use]}</span>`) },
]

/** How often each rule decides, and which could go. */
export function RulesList(): VNode {
  const [since, setSince] = useState('30d')
  const [use, setUse] = useState('')
  return html`<p class="actions">
      <${Period} value=${since} onChange=${setSince} />
      <${Chosen} label="Show" options=${SHOWN} value=${use} onChange=${setUse} />
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
