/// <reference lib="dom" />
import { html } from 'htm/preact/standalone'
import type { VNode } from 'preact'
import { minute } from './format.ts'

export type Bar = {
  readonly atMs: number
  readonly value: number
  /** How much of the value is drawn as refused. */
  readonly refused?: number
}

const WIDTH = 720
const HEIGHT = 100

/** Values over time, with what the highest bar is worth and when it begins and ends; `label` says it to those who do not see it. */
export function BarChart(props: {
  readonly bars: readonly Bar[]
  readonly label: string
  readonly said: (value: number) => string
}): VNode {
  const { bars, label, said } = props
  const most = Math.max(...bars.map(({ value }) => value), 0)
  const step = WIDTH / Math.max(1, bars.length)
  const width = step * (bars.length > 100 ? 1 : 0.8)
  return html`<div class="chart">
    <span class="most">${said(most)}</span><span class="none">0</span>
    <svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label=${label} preserveAspectRatio="none">
      ${bars.map(({ atMs, value, refused = 0 }, index) => {
        const [all, stopped] = [value, refused].map((each) => (most === 0 ? 0 : (each / most) * HEIGHT)) as [
          number,
          number,
        ]
        const x = index * step
        return html`<g>
          <title>${minute(atMs)}: ${said(value)}${refused === 0 ? '' : `, ${said(refused)} of them refused`}</title>
          <rect class="all" x=${x} y=${HEIGHT - all} width=${width} height=${all} />
          <rect class="refused" x=${x} y=${HEIGHT - stopped} width=${width} height=${stopped} />
          <rect class="hit" x=${x} y="0" width=${step} height=${HEIGHT} />
        </g>`
      })}
    </svg>
    <span class="from">${bars.length === 0 ? '' : minute(bars[0]!.atMs)}</span>
    <span class="to">${bars.length === 0 ? '' : minute(bars.at(-1)!.atMs)}</span>
  </div>`
}
