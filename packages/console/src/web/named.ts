/// <reference lib="dom" />
import { html } from 'htm/preact/standalone'
import type { VNode } from 'preact'
import { destination, shortened } from './format.ts'

/** The filter of flows that have this value. */
export function filterOf(key: string, value: string): string {
  const text = destination(value)
  if (key !== 'destination') return `${key}:"${text}"`
  return `${/^[\d.]+$|:/.test(text) ? 'ip' : 'domain'}:${text}`
}

/** A value that leads to its flows, among those of `within`; a long one is without its middle. */
export function Named(props: {
  readonly by: string
  readonly value: string | null | undefined
  readonly within?: string
}): VNode | null {
  const { by, value, within = '' } = props
  if (value === null || value === undefined || value === '') return null
  const name = destination(value)
  const filter = `${filterOf(by, value)} ${within}`.trim()
  return html`<a href=${`#/flows/${encodeURIComponent(filter)}`} title=${name}>${shortened(name)}</a>`
}
