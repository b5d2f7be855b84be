import { setTimeout as sleep } from 'node:timers/promises'
import type { FlowStore, StateStore } from '@sallyport/store'
import { ClockWatch } from './clock-watch.ts'

const DAY_MS = 86_400_000
const EVERY_MS = 3_600_000

type Options = {
  readonly store: Pick<FlowStore, 'expire'>
  readonly state: Pick<StateStore, 'alerts'>
  /** How long flows and alerts are kept. */
  readonly keepDays: number
  readonly nowMs: () => number
  /** Never goes back, and does not jump. */
  readonly monotonicMs: () => number
  readonly onFailure: (error: unknown) => void
}

/**
 * Removes what is older than it is kept, once a day. The first look is an hour after the start: a clock that is wrong when the
 * machine starts is set by then, and after a jump nothing is removed for a day.
 */
export async function keepExpiring(options: Options, signal: AbortSignal): Promise<void> {
  const clock = new ClockWatch()
  let doneMs: number | null = null
  clock.hasJumped(options.nowMs(), options.monotonicMs())
  while (!signal.aborted) {
    await sleep(EVERY_MS, undefined, { signal, ref: false }).catch(() => {})
    if (signal.aborted) return
    doneMs = await expireOnce(options, clock, doneMs).catch((error: unknown) => {
      options.onFailure(error)
      return doneMs
    })
  }
}

/** Returns the time before which all has been removed; `doneMs` is what the call before returned. */
export async function expireOnce(options: Options, clock: ClockWatch, doneMs: number | null): Promise<number | null> {
  const { store, state, keepDays } = options
  const nowMs = options.nowMs()
  if (clock.hasJumped(nowMs, options.monotonicMs())) return doneMs
  // Whole days: removing rows from a month means writing what stays of it anew.
  const beforeMs = Math.floor(nowMs / DAY_MS - keepDays) * DAY_MS
  if (doneMs !== null && beforeMs <= doneMs) return doneMs
  await store.expire(beforeMs)
  await state.alerts.expire(beforeMs)
  return beforeMs
}
