/// <reference lib="dom" />
import { html } from 'htm/preact/standalone'
import type { VNode } from 'preact'

export type Column<T> = {
  readonly title: string
  readonly cell: (row: T) => unknown
  readonly number?: boolean
}

/** A table that says what it is, and what it means when it is empty. */
export function DataTable<T>(props: {
  readonly caption: string
  readonly columns: readonly Column<T>[]
  readonly rows: readonly T[]
  readonly empty: unknown
}): VNode {
  const { caption, columns, rows, empty } = props
  if (rows.length === 0) return html`<p class="empty">${empty}</p>`
  return html`<div class="scroll" tabindex="0" role="region" aria-label=${caption}>
    <table>
      <caption class="unseen">
        ${caption}
      </caption>
      <thead>
        <tr>
          ${columns.map(({ title, number }) => html`<th scope="col" class=${number ? 'number' : ''}>${title}</th>`)}
        </tr>
      </thead>
      <tbody>
        ${rows.map(
          (row) =>
            html`<tr>
              ${columns.map(({ cell, number }) => html`<td class=${number ? 'number' : ''}>${cell(row)}</td>`)}
            </tr>`,
        )}
      </tbody>
    </table>
  </div>`
}
