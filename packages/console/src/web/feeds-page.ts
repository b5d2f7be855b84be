/// <reference lib="dom" />
import { html, useState } from 'htm/preact/standalone'
import type { VNode } from 'preact'
import { get, post, type User } from './api.ts'
import type { Column } from './data-table.ts'
import { DataTable } from './data-table.ts'
import { count, minute } from './format.ts'
import type { FeedRow } from '../api/feed-routes.ts'
import { Problem, useLoaded } from './load.ts'
import { PagedList } from './paged-list.ts'

type Line = { readonly line: number; readonly reason: string; readonly text: string }
type Entry = { readonly entry: string; readonly reason: string }
type Detail = FeedRow & {
  readonly lines: { readonly count: number; readonly shown: readonly Line[] } | null
  readonly quarantine: { readonly count: number; readonly shown: readonly Entry[] } | null
}

const STATE_CLASS: Readonly<Record<string, string>> = { 'in force': 'allow', held: 'watch', failing: 'deny' }
const LINES: readonly Column<Line>[] = [
  { title: 'Line', number: true, cell: ({ line }) => line },
  { title: 'Why', cell: ({ reason }) => reason },
  { title: 'Text', cell: ({ text }) => html`<code>${text}</code>` },
]
const KEPT_OUT: readonly Column<Entry>[] = [
  { title: 'Entry', main: true, cell: ({ entry }) => html`<code>${entry}</code>` },
  { title: 'Why', cell: ({ reason }) => reason },
]
const EMPTY = html`The policy has no feeds. A feed is a public list of names or addresses that a rule names:${' '}
  <code>feeds: { "malware": { "url": "https://…", "refresh": "6h" } }</code>, and a rule${' '}
  <code>{ id: no-malware, action: deny, to: [{ feed: malware }] }</code>.`

/** What lists are in force, how old they are, and what of them could not be used. */
export function FeedsPage({ user, name }: { readonly user: User; readonly name: string }): VNode {
  const [failed, setFailed] = useState<Error | null>(null)
  const [said, setSaid] = useState('')
  const [busy, setBusy] = useState('')
  const refresh = async (feed: string): Promise<void> => {
    setBusy(feed)
    try {
      const look = await post<{ outcome: string; reason: string | null }>(`/feeds/${encodeURIComponent(feed)}/refresh`)
      setSaid(`${feed}: ${look.outcome}${look.reason === null ? '' : `: ${look.reason}`}`)
      setFailed(null)
    } catch (error) {
      setFailed(error as Error)
    } finally {
      setBusy('')
    }
  }
  const columns: readonly Column<FeedRow>[] = [
    {
      title: 'Feed',
      main: true,
      cell: (feed) => html`<a href=${`#/feeds/${encodeURIComponent(feed.name)}`}>${feed.name}</a>`,
    },
    { title: 'State', cell: ({ state }) => html`<span class=${STATE_CLASS[state] ?? ''}>${state}</span>` },
    { title: 'Entries', number: true, cell: ({ entries }) => count(entries) },
    { title: 'Not usable', number: true, cell: ({ unusable }) => count(unusable) },
    { title: 'Kept out', number: true, cell: ({ keptOut }) => count(keptOut) },
    { title: 'Fetched', whole: true, cell: ({ fetchedMs }) => (fetchedMs === null ? 'never' : minute(fetchedMs)) },
    { title: 'Looked at', whole: true, cell: ({ checkedMs }) => (checkedMs === null ? 'never' : minute(checkedMs)) },
    { title: 'Source', cell: ({ source }) => source },
    { title: 'Problem', cell: ({ problem }) => problem ?? '' },
    {
      title: 'Actions',
      cell: (feed) =>
        user.role === 'viewer'
          ? ''
          : html`<button
              type="button"
              disabled=${busy === feed.name}
              aria-label=${`Refresh now: ${feed.name}`}
              onClick=${() => void refresh(feed.name)}
            >
              Refresh now
            </button>`,
    },
  ]
  return html`<h1>Feeds</h1>
    <${Problem} error=${failed} />
    <p role="status" class="said">${said}</p>
    <${PagedList}
      path="/feeds"
      name="feeds"
      caption="Feeds of the policy in force"
      columns=${columns}
      events=${['feeds', 'policy']}
      filter=${{ label: 'Search', key: 'search' }}
      empty=${EMPTY}
    />
    ${name === '' ? null : html`<${FeedDetail} key=${name} name=${name} />`}`
}

function FeedDetail({ name }: { readonly name: string }): VNode {
  const { data, error } = useLoaded(`feed ${name}`, () => get<Detail>(`/feeds/${encodeURIComponent(name)}`), ['feeds'])
  if (data === null) return html`<${Problem} error=${error} />`
  return html`<section aria-label=${name}>
    <h2>${name}: what could not be used</h2>
    <${DataTable}
      caption=${`Lines of ${name} that could not be used`}
      columns=${LINES}
      rows=${data.lines?.shown ?? []}
      empty="Every line could be used."
    />
    <h2>${name}: kept out</h2>
    <${DataTable}
      caption=${`Entries of ${name} that are kept out`}
      columns=${KEPT_OUT}
      rows=${data.quarantine?.shown ?? []}
      empty="No entry is kept out. An entry is, when it would take a popular site or a private range along."
    />
  </section>`
}
