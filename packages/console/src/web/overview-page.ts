/// <reference lib="dom" />
import { html } from 'htm/preact/standalone'
import type { VNode } from 'preact'
import { get } from './api.ts'
import { BarChart } from './bar-chart.ts'
import { DataTable, type Column } from './data-table.ts'
import { count, destination, hour, time } from './format.ts'
import { Problem, useLoaded } from './load.ts'

export type TopRow = {
  readonly key: string
  readonly flows: number
  readonly denied: number
  readonly bytesOut: number
  readonly bytesIn: number
  readonly firstSeen: string
  readonly lastSeen: string
}
type Overview = {
  readonly flows: number
  readonly left: number
  readonly stopped: number
  readonly wouldStop: number
  readonly dropped: Readonly<Record<string, number>>
  readonly openAlerts: number
  readonly destinations: readonly TopRow[]
  readonly apps: readonly TopRow[]
  readonly stoppedDestinations: readonly TopRow[]
  readonly newDestinations: readonly TopRow[]
  readonly hours: readonly (readonly [number, number])[]
}

const FLOWS: Column<TopRow> = { title: 'Flows', number: true, cell: (row) => count(row.flows) }
const linked = (key: string): Column<TopRow> => ({
  title: key === 'app' ? 'Application' : 'Destination',
  cell: (row) =>
    html`<a href="#/flows/${encodeURIComponent(filterOf(key, row.key))}">${destination(row.key) || 'unknown'}</a>`,
})

export function filterOf(key: string, value: string): string {
  const text = destination(value)
  if (key !== 'destination') return `${key}:"${text}"`
  return `${/^[\d.]+$|:/.test(text) ? 'ip' : 'domain'}:${text}`
}

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
  return html`<dl class="facts">
      <${Fact} name="left" value=${data.left} link="#/flows" />
      <${Fact}
        name="stopped"
        value=${data.stopped}
        link=${`#/flows/${encodeURIComponent('verdict:deny,undetermined mode:enforce')}`}
      />
      <${Fact}
        name="would be stopped"
        value=${data.wouldStop}
        link=${`#/flows/${encodeURIComponent('verdict:deny,undetermined mode:monitor')}`}
      />
      <${Fact} name="open alerts" value=${data.openAlerts} link="#/alerts" />
    </dl>
    ${dropped > 0 ? html`<p class="problem" role="status">${count(dropped)} flows happened and are not recorded.</p>` : null}
    <section>
      <h2>Flows an hour</h2>
      <${BarChart}
        values=${data.hours.map(([, value]) => value)}
        label=${`Flows an hour: ${data.hours.map(([at, value]) => `${hour(at)} ${value}`).join(', ')}`}
      />
    </section>
    <div class="columns">
      <${Section}
        title="New destinations"
        rows=${data.newDestinations}
        columns=${[linked('destination'), { title: 'First seen', cell: (row: TopRow) => time(row.firstSeen) }]}
        empty="Nothing was reached for the first time."
      />
      <${Section}
        title="Stopped, or would be"
        rows=${data.stoppedDestinations}
        columns=${[linked('destination'), FLOWS]}
        empty="No rule stops anything. A policy says what is wanted: learn one on the page Policy."
      />
      <${Section}
        title="Destinations"
        rows=${data.destinations}
        columns=${[linked('destination'), FLOWS]}
        empty="Nothing has left yet."
      />
      <${Section}
        title="Applications"
        rows=${data.apps}
        columns=${[linked('app'), FLOWS]}
        empty="Nothing has left yet."
      />
    </div>`
}

function Fact({ name, value, link }: { readonly name: string; readonly value: number; readonly link: string }): VNode {
  return html`<div>
    <dt>${name}</dt>
    <dd><a href=${link} aria-label=${`${count(value)} ${name}`}>${count(value)}</a></dd>
  </div>`
}

function Section(props: {
  title: string
  rows: readonly TopRow[]
  columns: readonly Column<TopRow>[]
  empty: string
}): VNode {
  const { title, ...table } = props
  return html`<section>
    <h2>${title}</h2>
    <${DataTable} caption=${title} ...${table} />
  </section>`
}
