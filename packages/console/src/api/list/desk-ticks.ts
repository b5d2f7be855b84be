import { setTimeout as sleep } from 'node:timers/promises'
import type { DeskEvent, DeskEvents } from '../../desk/desk-events.ts'
import { ApiError } from '../api-error.ts'

/** So that what lies between, and a reader that is gone, is noticed. */
const QUIET_MS = 15_000

type DeskTick = DeskEvent['kind'] | 'open' | null

/**
 * `open` at once, then the kind of every event until the signal, each once however often it came meanwhile; null when nothing
 * came for a while. Throws when too many listen.
 */
export async function* deskTicks(events: DeskEvents, signal: AbortSignal): AsyncGenerator<DeskTick> {
  const waiting = new Set<DeskEvent['kind']>()
  let wake = Promise.withResolvers<void>()
  using listening = events.listen((event) => {
    waiting.add(event.kind)
    wake.resolve()
  })
  if (listening === null) throw new ApiError(503, 'usage', 'too many readers', 'Close other windows.')
  yield 'open'
  while (!signal.aborted) {
    if (waiting.size === 0) await orQuiet(wake.promise, signal)
    if (signal.aborted) return
    wake = Promise.withResolvers<void>()
    const kinds = [...waiting]
    waiting.clear()
    if (kinds.length === 0) yield null
    else yield* kinds
  }
}

async function orQuiet(woken: Promise<void>, signal: AbortSignal): Promise<void> {
  const over = new AbortController()
  try {
    const quiet = sleep(QUIET_MS, undefined, { signal: AbortSignal.any([signal, over.signal]), ref: false })
    await Promise.race([woken, quiet.catch(() => {})])
  } finally {
    over.abort()
  }
}
