import { setTimeout as sleep } from 'node:timers/promises'
import type { FlowRecord } from '@sallyport/flow'
import { drainSpool, type FlowStore } from '@sallyport/store'

const LOOK_MS = 500
const MAX_PAUSE_MS = 60_000

type Options = {
  readonly spool: string
  readonly store: FlowStore
  readonly onStored: (flows: number) => void
  /** Called where somebody wants the records themselves; of a batch again after a crash. */
  readonly onRecords?: (batch: string, records: readonly FlowRecord[]) => void
  readonly onFailure: (error: unknown) => void
}

/** Stores what comes into the spool, until the signal. While the store fails, it waits longer and longer; the spool keeps. */
export async function keepDraining(options: Options, signal: AbortSignal): Promise<void> {
  const { spool, store, onStored, onRecords, onFailure } = options
  let pause = LOOK_MS
  while (!signal.aborted) {
    try {
      const { flows, dropped } = await drainSpool(spool, store, signal, onRecords)
      if (flows + dropped > 0) onStored(flows)
      pause = LOOK_MS
    } catch (error) {
      onFailure(error)
      pause = Math.min(pause * 2, MAX_PAUSE_MS)
    }
    await sleep(pause, undefined, { signal }).catch(() => {})
  }
}
