/// <reference lib="dom" />
import { html, useState } from 'htm/preact/standalone'
import type { VNode } from 'preact'

export type Column<T> = {
  readonly title: string
  readonly cell: (row: T) => unknown
  readonly number?: boolean
  /** Stays in one line: a time, an address. */
  readonly whole?: boolean
  /** What the row is about; on a narrow screen, where a row is a block, it stands above the rest. */
  readonly main?: boolean
}

/** A table that says what it is, and what it means when it is empty. Its roles are said, since a row that is shown as a block has none. */
export function DataTable<T>(props: {
  readonly caption: string
  readonly columns: readonly Column<T>[]
  readonly rows: readonly T[]
  readonly empty: unknown
  /** Tells a row from the others when rows come and go. */
  readonly keyOf?: ((row: T) => string) | undefined
  /** What else there is to say of a row, when asked. */
  readonly detail?: ((row: T) => unknown) | undefined
}): VNode {
  const { caption, columns, rows, empty, keyOf, detail } = props
  const [opened, setOpened] = useState<string | null>(null)
  if (rows.length === 0) return html`<p class="empty">${empty}</p>`
  return html`<div class="scroll" tabindex="0" role="region" aria-label=${caption}>
    <table role="table">
      <caption class="unseen">
        ${caption}
      </caption>
      <thead role="rowgroup">
        <tr role="row">
          ${detail === undefined ? null : html`<th role="columnheader" scope="col"><span class="unseen">Details</span></th>`}
          ${columns.map((column) => html`<th role="columnheader" scope="col" class=${classOf(column)}>${column.title}</th>`)}
        </tr>
      </thead>
      <tbody role="rowgroup">
        ${rows.map((row, index) => {
          const key = keyOf?.(row) ?? String(index)
          const isOpen = opened === key
          return [
            html`<tr role="row" key=${key}>
              ${detail === undefined ? null : html`<td role="cell"><button type="button" class="unfold" aria-expanded=${isOpen ? 'true' : 'false'} aria-label="Details" onClick=${() => setOpened(isOpen ? null : key)}>${isOpen ? '▾' : '▸'}</button></td>`}
              ${columns.map((column) => html`<td role="cell" data-title=${column.title} class=${classOf(column)}>${column.cell(row)}</td>`)}
            </tr>`,
            isOpen
              ? html`<tr role="row" class="detail" key=${`${key} detail`}>
                  <td role="cell" colspan=${columns.length + 1}>${detail!(row)}</td>
                </tr>`
              : null,
          ]
        })}
      </tbody>
    </table>
  </div>`
}

function classOf({ number, whole, main }: Column<never>): string {
  return [number ? 'number' : '', number || whole ? 'whole' : '', main ? 'about' : ''].filter(Boolean).join(' ')
}
