/// <reference lib="dom" />
import { html } from 'htm/preact/standalone'
import type { VNode } from 'preact'

/** One of a few, by name. */
export function Chosen(props: {
  readonly label: string
  readonly options: Readonly<Record<string, string>>
  readonly value: string
  readonly onChange: (value: string) => void
}): VNode {
  const { label, options, value, onChange } = props
  return html`<label class="period"
    >${label}${' '}<select onChange=${(event: Event) => onChange((event.target as HTMLSelectElement).value)}>
      ${Object.entries(options).map(([each, text]) => html`<option value=${each} selected=${each === value}>${text}</option>`)}
    </select></label
  >`
}
