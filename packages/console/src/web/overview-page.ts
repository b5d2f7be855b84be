/// <reference lib="dom" />
import { html } from 'htm/preact/standalone'
import type { VNode } from 'preact'
import { get } from './api.ts'
import { BarChart } from './bar-chart.ts'
import { DataTable, type Column } from './data-table.ts'
import { count, hour, minute } from './format.ts'
import { Problem, useLoaded } from './load.ts'
import { Named } from './named.ts'

export type TopRow = {
  readonly key: string
  readonly flows: number
  readonly denied: number
  readonly bytesOut: number
  readonly bytesIn: number
  readonly firstSeen: string
  readonly lastSeen: string
}
type Unusual = {
  readonly id: string
  readonly severity: string
  readonly detector: string
  readonly sentence: string
  readonly lastMs: number
}
type Overview = {
  readonly flows: number
  readonly left: number
  readonly stopped: number
  readonly wouldStop: number
  readonly dropped: Readonly<Record<string, number>>
  readonly openAlerts: number
  readonly alerts: readonly Unusual[]
  readonly destinations: readonly TopRow[]
  readonly apps: readonly TopRow[]
  readonly stoppedDestinations: readonly TopRow[]
  readonly newDestinations: readonly TopRow[]
  readonly hours: readonly (readonly [atMs: number, flows: number, refused: number])[]
}

const WITHIN = 'since:24h'
const FLOWS: Column<TopRow> = { title: 'Flows', number: true, cell: (row) => count(row.flows) }
const linked = (by: string, within = WITHIN): Column<TopRow> => ({
  title: by === 'app' ? 'Application' : 'Destination',
  main: true,
  cell: (row) => html`<${Named} by=${by} value=${row.key} within=${within} />${row.key === '' ? 'unknown' : null}`,
})
const UNUSUAL: readonly Column<Unusual>[] = [
  {
    title: 'Severity',
    whole: true,
    cell: ({ severity }) => html`<span class=${`severity ${severity}`}>${severity}</span>`,
  },
  {
    title: 'What',
    main: true,
    cell: ({ id, sentence }) => html`<a href=${`#/alerts/${id}`}>${sentence}</a>`,
  },
]
const REFUSED = 'verdict:deny,undetermined'

export function OverviewPage(): VNode {
  const { data, error } = useLoaded('overview', () => get<Overview>('/overview', { hours: 24 }), [
    'stored',
    'alerts',
    'overview',
    'policy',
  ])
  return html`<h1>Overview</h1>
    <p class="lead">The last 24 hours on this host.</p>
    <${Problem} error=${error} />
    ${data === null ? (error === null ? html`<p>Loading…</p>` : null) : html`<${Facts} data=${data} />`}`
}

function Facts({ data }: { readonly data: Overview }): VNode {
  const dropped = Object.values(data.dropped).reduce((sum, value) => sum + value, 0)
  const flowsOf = (filter: string): string => `#/flows/${encodeURIComponent(`${filter} ${WITHIN}`.trim())}`
  return html`<dl class="facts">
      <${Fact} name="left" value=${data.left} link=${flowsOf('')} />
      <${Fact} name="stopped" kind="deny" value=${data.stopped} link=${flowsOf(`${REFUSED} mode:enforce`)} />
      <${Fact}
        name="would be stopped"
        kind="watch"
        value=${data.wouldStop}
        link=${flowsOf(`${REFUSED} mode:monitor`)}
      />
      <${Fact} name="open alerts" kind="deny" value=${data.openAlerts} link="#/alerts" />
    </dl>
    ${dropped > 0 ? html`<p class="problem" role="status">${count(dropped)} flows happened and are not recorded.</p>` : null}
    <${Hours} hours=${data.hours} />
    <div class="columns">
      <${Section}
        title="Unusual"
        rows=${data.alerts}
        columns=${UNUSUAL}
        empty="Nothing is unusual. The detectors look once a minute; most need a day of flows to know what is usual here."
      />
      <${Section}
        title="New destinations"
        rows=${data.newDestinations}
        columns=${[linked('destination'), { title: 'First seen', whole: true, cell: (row: TopRow) => minute(row.firstSeen) }]}
        empty=${html`Nothing was reached for the first time. To see something here: <code>curl https://example.com</code>`}
      />
      <${Section}
        title="Stopped, or would be"
        rows=${data.stoppedDestinations}
        columns=${[linked('destination', `${REFUSED} ${WITHIN}`), FLOWS]}
        empty=${html`No rule stops anything. A policy says what is wanted: <a href="#/policy">learn one</a> from what left.`}
      />
      <${Section}
        title="Destinations"
        rows=${data.destinations}
        columns=${[linked('destination'), FLOWS]}
        empty="Nothing has left yet. A flow is here seconds after it began."
      />
      <${Section}
        title="Applications"
        rows=${data.apps}
        columns=${[linked('app'), FLOWS]}
        empty="Nothing has left yet. An application appears with its first flow."
      />
    </div>`
}

function Hours({ hours }: { readonly hours: Overview['hours'] }): VNode {
  const bars = hours.map(([atMs, value, refused]) => ({ atMs, value, refused }))
  return html`<section>
    <h2>Flows an hour</h2>
    <${BarChart}
      bars=${bars}
      said=${count}
      label=${`Flows an hour: ${bars.map(({ atMs, value, refused }) => `${hour(atMs)} ${value}, ${refused} of them refused`).join('; ')}`}
    />
    <p class="small legend"><span class="all">left</span>${' '}<span class="refused">stopped, or would be</span></p>
  </section>`
}

function Fact(props: {
  readonly name: string
  readonly value: number
  readonly link: string
  readonly kind?: string
}): VNode {
  const { name, value, link, kind = '' } = props
  return html`<div>
    <dt>${name}</dt>
    <dd>
      <a class=${value === 0 ? '' : kind} href=${link} aria-label=${`${count(value)} ${name}`}>${count(value)}</a>
    </dd>
  </div>`
}

function Section<T>(props: {
  title: string
  rows: readonly T[]
  columns: readonly Column<T>[]
  empty: unknown
}): VNode {
  const { title, ...table } = props
  return html`<section>
    <h2>${title}</h2>
    <${DataTable} caption=${title} ...${table} />
  </section>`
}
