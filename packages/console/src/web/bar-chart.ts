/// <reference lib="dom" />
import { html } from 'htm/preact/standalone'
import type { VNode } from 'preact'

const WIDTH = 720
const HEIGHT = 120

/** Values as bars; what they say is in `label`, for those who do not see them. */
export function BarChart({ values, label }: { readonly values: readonly number[]; readonly label: string }): VNode {
  const most = Math.max(1, ...values)
  const step = WIDTH / Math.max(1, values.length)
  return html`<svg
    class="chart"
    viewBox="0 0 ${WIDTH} ${HEIGHT}"
    role="img"
    aria-label=${label}
    preserveAspectRatio="none"
  >
    ${values.map((value, index) => {
      const height = (value / most) * (HEIGHT - 2)
      return html`<rect x=${index * step + step * 0.1} y=${HEIGHT - height} width=${step * 0.8} height=${height} />`
    })}
  </svg>`
}
