import { join } from 'node:path'
import type { Deliveries } from '@sallyport/deliver'
import type { FlowStore, Relayout, StateStore, StoreRoom } from '@sallyport/store'
import type { DeskEvents } from './desk-events.ts'
import { keepDetecting } from './keep-detecting.ts'
import { keepDraining } from './keep-draining.ts'
import { keepExpiring } from './keep-expiring.ts'
import { keepLayingOut } from './keep-laying-out.ts'
import { keepRoom, type Disk } from './keep-room.ts'

type DeskParts = {
  readonly stateDirectory: string
  readonly store: FlowStore
  readonly state: StateStore
  readonly events: DeskEvents
  readonly alertsOut: Deliveries
  readonly flowsOut: Deliveries
  readonly keepDays: number
  readonly keepBytes: number | null
  /** Where the store lies; null: on a server. */
  readonly disk: (() => Disk) | null
  readonly nowMs: () => number
  readonly onNotice: (text: string) => void
  readonly onLayingOut: (progress: Relayout) => void
  readonly onRoom: (room: StoreRoom) => void
}

/** What goes on until the signal, whether or not anybody asks: flows are stored, looked through, sent on and removed. */
export function deskWork(parts: DeskParts, signal: AbortSignal): readonly Promise<void>[] {
  const { stateDirectory, store, state, events, alertsOut, flowsOut, keepDays, nowMs, onNotice, onLayingOut } = parts
  const { keepBytes, disk, onRoom } = parts
  const monotonicMs = (): number => performance.now()
  const noticeOf =
    (what: string) =>
    (error: unknown): void =>
      onNotice(`${what}: ${error instanceof Error ? error.message : String(error)}`)
  return [
    keepDraining(
      {
        spool: join(stateDirectory, 'spool'),
        store,
        onFailure: noticeOf('flows stay in the spool'),
        onStored: (flows) => events.emit({ kind: 'stored', flows }),
        ...(flowsOut.isEmpty
          ? {}
          : {
              onRecords: (batch, records) =>
                flowsOut.push(
                  batch,
                  records.map((flow) => ({ kind: 'flow', flow })),
                ),
            }),
      },
      signal,
    ),
    keepDetecting(
      {
        store,
        state,
        nowMs,
        monotonicMs,
        onFailure: noticeOf('nothing is looked for meanwhile'),
        onAlerts: (alerts) => {
          events.emit({ kind: 'alerts', count: alerts.length })
          for (const alert of alerts) alertsOut.push(alert.id, [{ kind: 'alert', alert }])
        },
      },
      signal,
    ),
    keepExpiring(
      { store, state, keepDays, nowMs, monotonicMs, onFailure: noticeOf('old flows and alerts stay meanwhile') },
      signal,
    ),
    keepLayingOut(
      { store, onNotice, onProgress: onLayingOut, onFailure: noticeOf('stored flows stay as they lie meanwhile') },
      signal,
    ),
    keepRoom(
      { store, disk, keepBytes, onRoom, onNotice, onFailure: noticeOf('the store takes what it takes meanwhile') },
      signal,
    ),
    alertsOut.run(signal),
    flowsOut.run(signal),
  ]
}
