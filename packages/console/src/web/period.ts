/// <reference lib="dom" />
import { html } from 'htm/preact/standalone'
import type { VNode } from 'preact'

const PERIODS: Readonly<Record<string, string>> = {
  '1h': 'hour',
  '24h': '24 hours',
  '7d': '7 days',
  '30d': '30 days',
  '365d': 'year',
}

/** How far back a page looks. */
export function Period({
  value,
  onChange,
}: {
  readonly value: string
  readonly onChange: (value: string) => void
}): VNode {
  return html`<label class="period"
    >Of the last
    <select value=${value} onChange=${(event: Event) => onChange((event.target as HTMLSelectElement).value)}>
      ${Object.entries(PERIODS).map(([each, text]) => html`<option value=${each} selected=${each === value}>${text}</option>`)}
    </select></label
  >`
}
