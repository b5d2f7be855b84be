/// <reference lib="dom" />
import { html } from 'htm/preact/standalone'
import type { VNode } from 'preact'
import type { User } from './api.ts'
import type { Column } from './data-table.ts'
import { time } from './format.ts'
import { PagedList } from './paged-list.ts'

type Entry = {
  readonly id: number
  readonly timeMs: number
  readonly actor: string
  readonly action: string
  readonly target: string
}

const COLUMNS: readonly Column<Entry>[] = [
  { title: 'Time', whole: true, main: true, cell: ({ timeMs }) => time(timeMs) },
  { title: 'Who', cell: ({ actor }) => actor },
  { title: 'Did', cell: ({ action }) => action },
  { title: 'To', cell: ({ target }) => target },
]

/** Who changed what: for administrators. */
export function AuditPage({ user }: { readonly user: User }): VNode {
  if (user.role !== 'admin')
    return html`<h1>Audit</h1>
      <p class="empty">The audit log is for administrators. You are ${user.role}.</p>`
  return html`<h1>Audit</h1>
    <${PagedList}
      path="/audit"
      name="entries"
      caption="Audit log, newest first"
      columns=${COLUMNS}
      events=${['audit', 'policy', 'feeds']}
      filter=${{ label: 'Search', key: 'search', placeholder: 'who, what, or to what' }}
      empty="Nobody did this. Sign-ins, changes of the policy, alerts closed or muted, feeds refreshed and accounts are kept here."
    />`
}
