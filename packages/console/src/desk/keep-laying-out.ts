import { setTimeout as sleep } from 'node:timers/promises'
import type { FlowStore, Relayout } from '@sallyport/store'

const LOOK_MS = 5000
const TENTHS = 10

type Options = {
  readonly store: Pick<FlowStore, 'relayout'>
  readonly onNotice: (text: string) => void
  readonly onProgress: (progress: Relayout) => void
  readonly onFailure: (error: unknown) => void
  readonly lookMs?: number
}

/** Until what an earlier version stored is laid out as this one does. Says how far it is at its beginning, with each tenth, and at its end. */
export async function keepLayingOut(
  { store, onNotice, onProgress, onFailure, lookMs = LOOK_MS }: Options,
  signal: AbortSignal,
): Promise<void> {
  let told: number | null = null
  while (!signal.aborted) {
    const progress = await store.relayout().catch(onFailure)
    if (progress === null) return
    if (progress !== undefined) {
      onProgress(progress)
      const { rows, rowsLeft } = progress
      if (rowsLeft === 0) {
        if (told !== null) onNotice('all stored flows are laid out as this version does')
        return
      }
      const tenth = Math.floor((TENTHS * (rows - rowsLeft)) / rows)
      if (tenth !== told)
        onNotice(
          `${rowsLeft} of ${rows} stored flows are still laid out as an earlier version did; questions take longer meanwhile`,
        )
      told = tenth
    }
    await sleep(lookMs, undefined, { signal, ref: false }).catch(() => {})
  }
}
