import { setTimeout as sleep } from 'node:timers/promises'
import type { DeskEvent, DeskEvents } from '../../desk/desk-events.ts'
import { deskTicks } from './desk-ticks.ts'
import { serverSentEvent } from './server-sent-event.ts'
import type { Page } from './page-of.ts'

/**
 * Rows as server-sent events, the oldest first: those of the newest page, then what comes. A row that changes comes again. When
 * more came at once than a page has, the event `gap` says that some are not shown. Between two looks it rests for so many times what the first took.
 */
export async function* liveRows(
  newest: () => Promise<Page>,
  events: DeskEvents,
  kinds: readonly DeskEvent['kind'][],
  rest: number,
  signal: AbortSignal,
): AsyncGenerator<string> {
  let shown: ReadonlySet<string> | null = null
  for await (const tick of deskTicks(events, signal)) {
    if (tick === null) yield ': still here\n\n'
    if (tick === null || (tick !== 'open' && !kinds.includes(tick))) continue
    const begunMs = performance.now()
    const { rows, next } = await newest()
    const tookMs = performance.now() - begunMs
    const texts = rows.map((row) => JSON.stringify(row))
    const before = shown
    if (before !== null && before.size > 0 && next !== null && !texts.some((text) => before.has(text)))
      yield serverSentEvent('gap', '{}')
    const fresh = texts.filter((text) => before?.has(text) !== true)
    yield fresh
      .toReversed()
      .map((text) => serverSentEvent('row', text))
      .join('')
    shown = new Set(texts)
    if (rest > 0) await sleep(tookMs * rest, undefined, { signal, ref: false }).catch(() => {})
  }
}
