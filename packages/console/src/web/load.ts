/// <reference lib="dom" />
import { html, useEffect, useState } from 'htm/preact/standalone'
import type { VNode } from 'preact'
import { Refused } from './api.ts'
import { onDesk, type DeskKind } from './follow-desk.ts'

export type Loaded<T> = { readonly data: T | null; readonly error: Error | null; readonly again: () => void }

/** Asks when a page opens and whenever `key` changes or the server says that something happened. */
export function useLoaded<T>(key: string, ask: () => Promise<T>, events: readonly DeskKind[] = []): Loaded<T> {
  const [state, setState] = useState<{ data: T | null; error: Error | null }>({ data: null, error: null })
  const [turn, setTurn] = useState(0)
  useEffect(() => {
    let open = true
    ask().then(
      (data) => open && setState({ data, error: null }),
      (error: Error) => open && setState((before) => ({ data: before.data, error })),
    )
    return () => {
      open = false
    }
  }, [key, turn])
  const again = (): void => setTurn((before) => before + 1)
  useEffect(() => listen(events, again), [key, events.join(' ')])
  return { ...state, again }
}

/** What happens at the desk, at most one look a second. */
function listen(events: readonly DeskKind[], again: () => void): () => void {
  let due: number | null = null
  const soon = (): void => {
    due ??= window.setTimeout(() => {
      due = null
      again()
    }, 1000)
  }
  const end = onDesk(events, soon)
  return () => {
    if (due !== null) window.clearTimeout(due)
    end()
  }
}

export function Problem({ error }: { readonly error: Error | null }): VNode | null {
  if (error === null) return null
  const remedy = error instanceof Refused ? error.failure.remedy : ''
  return html`<p class="problem" role="alert">
    ${error.message}${remedy === '' ? '' : html`<span class="remedy">${remedy}</span>`}
  </p>`
}
