/// <reference lib="dom" />
import { html } from 'htm/preact/standalone'
import type { VNode } from 'preact'

/** Parts of a page, each with an address of its own. */
export function Tabs(props: {
  readonly page: string
  readonly label: string
  readonly tabs: Readonly<Record<string, string>>
  readonly open: string
}): VNode {
  const { page, label, tabs, open } = props
  return html`<nav class="tabs" aria-label=${label}>
    ${Object.entries(tabs).map(([name, title]) => html`<a href=${`#/${page}/${name}`} aria-current=${name === open ? 'page' : undefined}>${title}</a>`)}
  </nav>`
}
