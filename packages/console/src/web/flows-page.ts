/// <reference lib="dom" />
import { html, useState } from 'htm/preact/standalone'
import type { VNode } from 'preact'
import type { User } from './api.ts'
import type { Column } from './data-table.ts'
import { FlowDetail, type Flow } from './flow-detail.ts'
import { bytes, time } from './format.ts'
import { Named } from './named.ts'
import { PagedList } from './paged-list.ts'

/** A choice takes the place of what the filter says of the same. */
type Choice = { readonly keys: RegExp; readonly options: Readonly<Record<string, string>> }
const CHOICES: Readonly<Record<string, Choice>> = {
  Verdict: {
    keys: /(^|\s)-?(verdict|mode):\S*/g,
    options: {
      All: '',
      Allowed: 'verdict:allow',
      Stopped: 'verdict:deny,undetermined mode:enforce',
      'Would be stopped': 'verdict:deny,undetermined mode:monitor',
    },
  },
  Time: {
    keys: /(^|\s)-?(since|until):\S*/g,
    options: { Any: '', 'Last hour': 'since:1h', '24 hours': 'since:24h', '7 days': 'since:7d' },
  },
}

const columns = (within: string): readonly Column<Flow>[] => [
  { title: 'Time', whole: true, cell: (flow) => time(flow.time) },
  { title: 'Verdict', whole: true, cell: (flow) => html`<${Verdict} verdict=${flow.verdict} />` },
  {
    title: 'Destination',
    main: true,
    cell: (flow) =>
      html`<${Named} by="destination" value=${flow.domain ?? flow.boundNames?.[0] ?? flow.dst} within=${within} />`,
  },
  {
    title: 'Port',
    whole: true,
    cell: ({ transport, port }) => (port === null || port === undefined ? (transport ?? '') : `${transport}/${port}`),
  },
  { title: 'Application', cell: (flow) => html`<${Named} by="app" value=${flow.app} within=${within} />` },
  { title: 'User', cell: (flow) => html`<${Named} by="user" value=${flow.user} within=${within} />` },
  { title: 'Country', cell: (flow) => html`<${Named} by="country" value=${flow.country} within=${within} />` },
  { title: 'Sent', number: true, cell: (flow) => bytes(flow.bytesOut) },
  {
    title: 'Why',
    cell: ({ verdict }) =>
      verdict === null || verdict.rule === null
        ? (verdict?.explain ?? '')
        : html`<${Named} by="rule" value=${verdict.rule} within=${within} />`,
  },
]

function Verdict({ verdict }: { readonly verdict: Flow['verdict'] }): VNode {
  if (verdict === null) return html`<span>seen</span>`
  if (verdict.verdict === 'allow') return html`<span class="allow">left</span>`
  return verdict.mode === 'monitor'
    ? html`<span class="watch">would be stopped</span>`
    : html`<span class="deny">stopped</span>`
}

/** Everything that left or was stopped, as it happens. */
export function FlowsPage({ filter, user }: { readonly filter: string; readonly user: User }): VNode {
  const [text, setText] = useState(filter)
  return html`<h1>Flows</h1>
    ${Object.entries(CHOICES).map(([label, choice]) => html`<${Choices} label=${label} choice=${choice} text=${text} />`)}
    <${PagedList}
      path="/flows"
      name="flows"
      caption="Flows, newest first"
      columns=${columns(text)}
      events=${['stored']}
      isLive=${true}
      keyOf=${(flow: Flow) => [flow.time, flow.src, flow.dst, flow.port, flow.app, flow.domain].join(' ')}
      detail=${(flow: Flow) => html`<${FlowDetail} flow=${flow} user=${user} />`}
      filter=${{
        label: 'Filter',
        key: 'filter',
        placeholder: 'domain:*.github.com, -verdict:allow, since:1h, app:/usr/bin/*',
        initial: filter,
        // So that the address of the page says what is shown.
        onText: (typed: string) => {
          setText(typed)
          history.replaceState(null, '', `#/flows/${encodeURIComponent(typed)}`)
        },
      }}
      empty=${html`No flow. Take terms away from the filter, or let something leave:${' '}
        <code>curl https://example.com</code>. A filter is
        <code>KEY:VALUE</code>:${' '}<code>app:/usr/bin/*</code>,${' '} <code>user:root</code>, <code>country:DE</code>,
        <code>-verdict:allow</code>, <code>since:1h</code>.`}
    />`
}

function Choices(props: { readonly label: string; readonly choice: Choice; readonly text: string }): VNode {
  const { label, choice, text } = props
  const rest = text.replace(choice.keys, '').trim()
  const now = (text.match(choice.keys) ?? []).map((term) => term.trim()).join(' ')
  return html`<nav class="choices" aria-label=${label}>
    ${Object.entries(choice.options).map(([title, terms]) => html`<a href=${`#/flows/${encodeURIComponent(`${rest} ${terms}`.trim())}`} aria-current=${terms === now ? 'true' : undefined}>${title}</a>`)}
  </nav>`
}
