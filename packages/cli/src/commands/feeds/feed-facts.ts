import type { FeedState, Subscription } from '@sallyport/catalog'

/** One feed as --json has it; docs/reference/commands/feeds.md lists the keys. */
export type FeedFacts = {
  readonly name: string
  readonly source: string
  readonly state: 'in force' | 'never fetched' | 'held' | 'failing'
  readonly format: string | null
  readonly entries: number
  readonly problems: number
  readonly keptOut: number
  readonly sha256: string | null
  readonly fetched: string | null
  readonly checked: string | null
  readonly failure: string | null
  readonly held: { readonly reason: string; readonly entries: number } | null
}

export function feedFacts({ name, source }: Subscription, state: FeedState): FeedFacts {
  const { current, held, checkedMs, failure } = state
  return {
    name,
    source: source.url ?? source.file ?? '',
    state: held !== null ? 'held' : failure !== null ? 'failing' : current === null ? 'never fetched' : 'in force',
    format: current?.format ?? null,
    entries: current?.entries ?? 0,
    problems: current?.problems.count ?? 0,
    keptOut: current?.quarantine.count ?? 0,
    sha256: current?.sha256 ?? null,
    fetched: current === null ? null : new Date(current.fetchedMs).toISOString(),
    checked: checkedMs === null ? null : new Date(checkedMs).toISOString(),
    failure,
    held: held === null ? null : { reason: held.reason, entries: held.entries },
  }
}

/** How long ago, in the largest whole unit. */
export function ago(time: string | null, nowMs: number): string {
  if (time === null) return 'never'
  const seconds = Math.max(0, Math.floor((nowMs - Date.parse(time)) / 1000))
  for (const [unit, size] of [
    ['d', 86_400],
    ['h', 3600],
    ['min', 60],
  ] as const) {
    if (seconds >= 2 * size) return `${Math.floor(seconds / size)} ${unit} ago`
  }
  return `${seconds} s ago`
}
