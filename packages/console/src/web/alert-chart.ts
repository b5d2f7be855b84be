/// <reference lib="dom" />
import { html } from 'htm/preact/standalone'
import type { VNode } from 'preact'
import { BarChart, type Bar } from './bar-chart.ts'
import { bytes, count, duration, round } from './format.ts'

type Series = readonly (readonly [atMs: number, value: number])[]
type Drawn = { readonly title: string; readonly said: (value: number) => string }

/** Whose points are each a measure. Those of the others count up, or are flows of a destination. */
const MEASURES: Readonly<Record<string, Drawn>> = {
  beacon: { title: 'Time between calls, one after the other', said: duration },
  'upload-volume': { title: 'Sent in each hour', said: bytes },
  'dns-tunnel': { title: 'Length of each name', said: (value) => `${count(value)} characters` },
  'generated-domain': { title: 'How unlike words each name is', said: (value) => `${round(value)} bits` },
  'new-application': { title: 'Flows to each destination', said: count },
  'new-destination': { title: 'Flows to each destination', said: count },
}
const COUNTED: Drawn = { title: 'Flows', said: count }
const SPANS = 60

/** What the points of an alert say, over time. Two are no picture of anything. */
export function AlertChart({ detector, series }: { readonly detector: string; readonly series: Series }): VNode | null {
  if (series.length < 3) return null
  const { title, said } = MEASURES[detector] ?? COUNTED
  const bars = MEASURES[detector] === undefined ? countedIn(series) : series.map(([atMs, value]) => ({ atMs, value }))
  const most = Math.max(...bars.map(({ value }) => value))
  return html`<figure class="evidence">
    <figcaption class="small">${title}</figcaption>
    <${BarChart} bars=${bars} said=${said} label=${`${title}: ${bars.length} bars, at most ${said(most)}`} />
  </figure>`
}

/** How much a count went up in each of equal spans of time. */
function countedIn(series: Series): readonly Bar[] {
  const [fromMs, toMs] = [series[0]![0], series.at(-1)![0]]
  const spanMs = Math.max(1, (toMs - fromMs) / SPANS)
  const bars = Array.from({ length: SPANS }, (_, index) => ({ atMs: fromMs + index * spanMs, value: 0 }))
  let before = 0
  for (const [atMs, value] of series) {
    bars[Math.min(SPANS - 1, Math.floor((atMs - fromMs) / spanMs))]!.value += Math.max(0, value - before)
    before = value
  }
  return bars
}
