/// <reference lib="dom" />
const KINDS = ['stored', 'alerts', 'overview', 'policy', 'feeds', 'audit'] as const
export type DeskKind = (typeof KINDS)[number]

/**
 * Tells the window what the desk says happened, over one connection for the whole page. A browser opens six to a host for all its
 * tabs together, so a tab that nobody looks at has none; what may have been missed counts as having happened.
 */
export function followDesk(): () => void {
  let source: EventSource | null = null
  let wasOpen = false
  const tell = (kind: DeskKind): void => void window.dispatchEvent(new Event(nameOf(kind)))
  const open = (): void => {
    source = new EventSource('/api/v1/events')
    source.addEventListener('open', () => {
      if (wasOpen) for (const kind of KINDS) tell(kind)
      wasOpen = true
    })
    for (const kind of KINDS) source.addEventListener(kind, () => tell(kind))
  }
  const close = (): void => {
    source?.close()
    source = null
  }
  const turn = (): void => (document.hidden ? close() : source === null ? open() : undefined)
  turn()
  document.addEventListener('visibilitychange', turn)
  return () => {
    document.removeEventListener('visibilitychange', turn)
    close()
  }
}

/** Until the function that it returns is called. */
export function onDesk(kinds: readonly DeskKind[], then: () => void): () => void {
  for (const kind of kinds) window.addEventListener(nameOf(kind), then)
  return () => {
    for (const kind of kinds) window.removeEventListener(nameOf(kind), then)
  }
}

function nameOf(kind: DeskKind): string {
  return `desk-${kind}`
}
