/// <reference lib="dom" />
import { html } from 'htm/preact/standalone'
import type { VNode } from 'preact'
import { Chosen } from './chosen.ts'

const PERIODS: Readonly<Record<string, string>> = {
  '1h': 'hour',
  '24h': '24 hours',
  '7d': '7 days',
  '30d': '30 days',
  '365d': 'year',
}

/** How far back a page looks. */
export function Period(props: { readonly value: string; readonly onChange: (value: string) => void }): VNode {
  return html`<${Chosen} label="Of the last" options=${PERIODS} ...${props} />`
}
