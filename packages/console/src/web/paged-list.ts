/// <reference lib="dom" />
import { html, useEffect, useState } from 'htm/preact/standalone'
import type { VNode } from 'preact'
import { get, urlOf } from './api.ts'
import { DataTable, type Column } from './data-table.ts'
import type { DeskKind } from './follow-desk.ts'
import { Problem, useLoaded } from './load.ts'

export type Filter = {
  readonly label: string
  /** The parameter that it becomes. */
  readonly key: 'filter' | 'search'
  readonly placeholder?: string
  readonly initial?: string
  readonly onText?: (text: string) => void
}
type Query = Readonly<Record<string, string>>
type Answer = Readonly<Record<string, unknown>> & { readonly next: string | null }
type Older = { readonly of: string; readonly rows: readonly unknown[]; readonly next: string | null }

const NO_QUERY: Query = {}
const NO_EVENTS: readonly DeskKind[] = []
/** Longer than between two keys, shorter than anybody waits. */
const TYPED_MS = 250

/** A list of the API: filtered as one types, a page at a time, to keep as a file, and up to date while its head is shown. */
export function PagedList<T>(props: {
  readonly path: string
  readonly name: string
  readonly caption: string
  readonly columns?: readonly Column<T>[]
  /** Shows the rows otherwise than as a table. */
  readonly shown?: (rows: readonly T[]) => unknown
  readonly keyOf?: (row: T) => string
  readonly detail?: (row: T) => unknown
  /** Says that it follows, and lets one stop that. */
  readonly isLive?: boolean
  readonly empty: unknown
  readonly query?: Query
  readonly filter?: Filter
  readonly events?: readonly DeskKind[]
}): VNode {
  const {
    path,
    name,
    caption,
    columns = [],
    shown,
    keyOf,
    detail,
    isLive = false,
    empty,
    query = NO_QUERY,
    filter,
    events = NO_EVENTS,
  } = props
  const [text, setText] = useState(filter?.initial ?? '')
  const asked = useTyped(text, (typed) => filter?.onText?.(typed))
  const whole: Query = filter === undefined || asked === '' ? query : { ...query, [filter.key]: asked }
  const url = urlOf(path, whole)
  const [older, setOlder] = useState<Older | null>(null)
  const isFollowed = older?.of !== url
  const [isPaused, setPaused] = useState(false)
  const { data, error } = useLoaded(url, () => get<Answer>(path, whole), isFollowed && !isPaused ? events : NO_EVENTS)
  const rows = [...((data?.[name] ?? []) as readonly T[]), ...(isFollowed ? [] : (older.rows as readonly T[]))]
  const next = isFollowed ? (data?.next ?? null) : older.next
  const more = async (): Promise<void> => {
    const page = await get<Answer>(path, { ...whole, after: next! })
    const before = isFollowed ? [] : older.rows
    setOlder({ of: url, rows: [...before, ...(page[name] as readonly unknown[])], next: page.next })
  }
  const follow = (isWanted: boolean): void => {
    setPaused(!isWanted)
    if (isWanted) setOlder(null)
  }
  return html`${filter === undefined ? null : html`<${FilterBox} filter=${filter} text=${text} onText=${setText} name=${name} />`}
    ${isLive ? html`<p class="live small"><span class=${isFollowed && !isPaused ? 'allow' : 'watch'}>${isFollowed && !isPaused ? '● As they come' : '❚❚ Standing still'}</span> <button type="button" onClick=${() => follow(!isFollowed || isPaused)}>${isFollowed && !isPaused ? 'Pause' : 'Follow'}</button></p>` : null}
    <${Problem} error=${error} />
    ${data === null ? (error === null ? html`<p class="empty">Loading…</p>` : null) : shown !== undefined && rows.length > 0 ? shown(rows) : html`<${DataTable} caption=${caption} columns=${columns} rows=${rows} empty=${empty} keyOf=${keyOf} detail=${detail} />`}
    <p class="actions list-end">
      ${next === null ? null : html`<button type="button" onClick=${() => void more()}>More</button>`}
      ${isFollowed || isLive || events.length === 0 ? null : html`<button type="button" onClick=${() => setOlder(null)}>Follow again</button>`}
      ${
        rows.length === 0
          ? null
          : html`<span class="small">
              Keep all as <a href=${urlOf(path, { ...whole, format: 'csv' })} download>CSV</a>${' or '}<a
                href=${urlOf(path, { ...whole, format: 'jsonl' })}
                download
                >JSON Lines</a
              >
            </span>`
      }
    </p>`
}

function FilterBox(props: {
  readonly filter: Filter
  readonly text: string
  readonly name: string
  readonly onText: (text: string) => void
}): VNode {
  const { filter, text, name, onText } = props
  const id = `filter-${name}`
  return html`<form class="filter" role="search" onSubmit=${(event: Event) => event.preventDefault()}>
    <label for=${id}>${filter.label}</label>
    <input
      id=${id}
      type="search"
      value=${text}
      onInput=${(event: Event) => onText((event.target as HTMLInputElement).value)}
      placeholder=${filter.placeholder ?? ''}
      autocomplete="off"
      spellcheck="false"
    />
  </form>`
}

/** The text, once nobody has typed for a moment. */
function useTyped(text: string, onTyped: (text: string) => void): string {
  const [typed, setTyped] = useState(text)
  useEffect(() => {
    if (text === typed) return undefined
    const due = window.setTimeout(() => {
      setTyped(text)
      onTyped(text)
    }, TYPED_MS)
    return () => window.clearTimeout(due)
  }, [text, typed])
  return typed
}
