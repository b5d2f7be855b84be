/// <reference lib="dom" />
import { html } from 'htm/preact/standalone'
import type { VNode } from 'preact'

/** Dark on light whatever the page is: many readers know no other. `rows` are of 0 and 1. */
export function QrCode({ rows, label }: { readonly rows: readonly string[]; readonly label: string }): VNode {
  const size = rows.length
  const dark = rows.flatMap((row, y) =>
    [...row.matchAll(/1+/g)].map(({ index, 0: { length } }) => `M${index} ${y}h${length}v1h-${length}z`),
  )
  return html`<svg
    class="qr"
    role="img"
    aria-label=${label}
    viewBox=${`0 0 ${size} ${size}`}
    shape-rendering="crispEdges"
  >
    <rect width=${size} height=${size} fill="#fff" />
    <path d=${dark.join('')} fill="#000" />
  </svg>`
}
