/// <reference lib="dom" />
import { html } from 'htm/preact/standalone'
import type { VNode } from 'preact'
import { DataTable, type Column } from './data-table.ts'

type Decided = { readonly verdict: string; readonly rule: string | null }
type Region = { readonly description: string; readonly before: Decided; readonly after: Decided }
export type Diff = {
  readonly text: string
  readonly regions: readonly Region[] | null
  readonly problem: string | null
}

const COLUMNS: readonly Column<Region>[] = [
  { title: 'Flows', main: true, cell: ({ description }) => description },
  { title: 'Now', cell: ({ before }) => html`<${Said} decided=${before} />` },
  { title: 'Then', cell: ({ after }) => html`<${Said} decided=${after} />` },
]

function Said({ decided: { verdict, rule } }: { readonly decided: Decided }): VNode {
  return html`<span class=${verdict === 'allow' ? 'allow' : 'deny'}>${verdict}</span> ${rule ?? 'by default'}`
}

/** How the draft differs from what holds: every flow that it decides otherwise, and the lines. */
export function DraftDiff({ diff }: { readonly diff: Diff }): VNode | null {
  if (diff.text === '') return null
  return html`<details class="draft-diff">
    <summary>Difference from the policy in force</summary>
    ${
      diff.regions === null
        ? html`<p class="empty">${diff.problem}</p>`
        : html`<${DataTable}
            caption="Flows that are decided otherwise"
            columns=${COLUMNS}
            rows=${diff.regions}
            empty="Every flow is decided as before."
          />`
    }
    <pre class="diff" tabindex="0" aria-label="Changed lines">${diff.text}</pre>
  </details>`
}
