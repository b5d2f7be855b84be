/// <reference lib="dom" />
import { html, useState } from 'htm/preact/standalone'
import type { VNode } from 'preact'
import type { Column } from './data-table.ts'
import { time } from './format.ts'
import { Named } from './named.ts'
import { PagedList } from './paged-list.ts'
import { Period } from './period.ts'
import { Tabs } from './tabs.ts'
import { TopList } from './top-list.ts'

type LookUp = {
  readonly time: string
  readonly domain?: string | null
  readonly transport?: string | null
  readonly app?: string | null
  readonly user?: string | null
  readonly device?: string | null
  readonly src?: string | null
  readonly verdict: { readonly verdict: string; readonly rule: string | null; readonly explain: string } | null
}

const TABS: Readonly<Record<string, string>> = {
  asked: 'Look-ups',
  names: 'Names refused',
  rules: 'Rules that refuse',
  reached: 'Names reached',
  past: 'Past the resolver',
}
const LOOK_UPS: readonly Column<LookUp>[] = [
  { title: 'Time', whole: true, cell: (flow) => time(flow.time) },
  {
    title: 'Name',
    main: true,
    cell: ({ domain }) => html`<${Named} by="destination" value=${domain} within="stage:dns" />`,
  },
  {
    title: 'Answer',
    cell: ({ verdict }) =>
      verdict?.verdict === 'allow'
        ? html`<span class="watch">answered, but told of</span>`
        : html`<span class="deny">refused</span>`,
  },
  { title: 'By rule', cell: (flow) => flow.verdict?.rule ?? 'default' },
  { title: 'Asked by', cell: (flow) => flow.app ?? flow.device ?? flow.src ?? flow.user ?? 'this host' },
  { title: 'Over', cell: (flow) => flow.transport ?? '' },
  { title: 'Why', cell: (flow) => flow.verdict?.explain ?? '' },
]
const NONE_REFUSED = html`No name was refused. A name is refused when no rule could ever allow a connection to it; under
a policy that only watches, or that allows everything, none is.`

/** What was asked of the resolver and refused, by which rule, and which names led anywhere. */
export function DnsPage({ tab }: { readonly tab: string }): VNode {
  const [since, setSince] = useState('7d')
  const open = Object.hasOwn(TABS, tab) ? tab : 'asked'
  return html`<h1>DNS</h1>
    <${Tabs} page="dns" label="Parts" tabs=${TABS} open=${open} />
    <${Period} value=${since} onChange=${setSince} />
    <${Part} key=${open} open=${open} since=${`since:${since}`} />`
}

function Part({ open, since }: { readonly open: string; readonly since: string }): VNode {
  switch (open) {
    case 'names':
      return html`<${TopList}
        by="destination"
        title="Name"
        filter=${`stage:dns verdict:deny ${since}`}
        empty=${NONE_REFUSED}
      />`
    case 'rules':
      return html`<${TopList}
        by="rule"
        title="Rule"
        filter=${`stage:dns verdict:deny ${since}`}
        empty=${NONE_REFUSED}
      />`
    case 'reached':
      return html`<${TopList}
        by="destination"
        title="Name or address"
        filter=${`-stage:dns ${since}`}
        empty="Nothing has left in this time."
      />`
    case 'past':
      return html`<${TopList}
        by="destination"
        title="Other resolver"
        filter=${`port:53,853 -stage:dns ${since}`}
        empty="Nobody asked another resolver. All DNS of this host is turned to Sallyport's own."
      />`
    default:
      return html`<${PagedList}
        path="/flows"
        name="flows"
        query=${{ filter: `stage:dns ${since}` }}
        caption="Look-ups that were refused or told of, newest first"
        columns=${LOOK_UPS}
        events=${['stored']}
        empty=${NONE_REFUSED}
      />`
  }
}
