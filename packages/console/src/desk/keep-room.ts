import { setTimeout as sleep } from 'node:timers/promises'
import type { FlowStore, StoreRoom } from '@sallyport/store'

const LOOK_MS = 60_000
const [TENTH, HALF] = [0.1, 0.5]
const MOST_RESERVE_BYTES = 10 * 2 ** 30
/** So much of what a store may take is removed at once, that what is removed often costs little. */
const LEFT_AFTER_REMOVAL = 0.95
const PARTS = 16

export type Disk = { readonly totalBytes: number; readonly freeBytes: number }

type Options = {
  readonly store: Pick<FlowStore, 'heldRoom' | 'makeRoom' | 'boundParts'>
  /** Where the store lies; null: on a server, whose disk is none of ours. */
  readonly disk: (() => Disk) | null
  /** What it may take; null: half of its disk, on a server without end. */
  readonly keepBytes: number | null
  readonly onRoom: (room: StoreRoom) => void
  readonly onNotice: (text: string) => void
  readonly onFailure: (error: unknown) => void
  readonly lookMs?: number
}

/**
 * Holds the store to what it may take: its oldest flows go first. When the disk gets short of room, whoever filled it, the store stays as large
 * as it is then: new flows take the place of the oldest, and others who fill the disk do not empty the store. The last of the disk is not its own.
 */
export async function keepRoom(options: Options, signal: AbortSignal): Promise<void> {
  const { disk, keepBytes, onFailure, lookMs = LOOK_MS } = options
  if (disk === null && keepBytes === null) return
  const room = new RoomWatch(options)
  while (!signal.aborted) {
    await room.look().catch(onFailure)
    await sleep(lookMs, undefined, { signal, ref: false }).catch(() => {})
  }
}

class RoomWatch {
  readonly #options: Options
  #removedFlows = 0
  /** What the store took when room began to lack; null: there is room. */
  #shortBytes: number | null = null
  #isBounded = false

  constructor(options: Options) {
    this.#options = options
  }

  async look(): Promise<void> {
    const { store, onRoom, onNotice } = this.#options
    const disk = this.#options.disk?.() ?? null
    const ownLimitBytes = this.#options.keepBytes ?? disk!.totalBytes * HALF
    if (disk !== null) await this.#bound(ownLimitBytes, disk)
    const held = await store.heldRoom()
    const isShort = disk !== null && disk.freeBytes < reserveBytes(disk)
    this.#shortBytes = isShort ? (this.#shortBytes ?? held.bytes) : null
    const limitBytes = Math.min(ownLimitBytes, this.#shortBytes ?? Infinity)
    let now = held
    if (held.bytes > limitBytes) {
      const needed = held.bytes - limitBytes * LEFT_AFTER_REMOVAL
      const removed = await store.makeRoom(needed, disk?.freeBytes ?? Infinity)
      this.#removedFlows += removed?.flows ?? 0
      if (removed !== null)
        onNotice(
          `${removed.flows} stored flows of before ${new Date(removed.beforeMs).toISOString()} were removed to make room`,
        )
      now = await store.heldRoom()
    }
    onRoom({ ...now, limitBytes, removedFlows: this.#removedFlows, isShort })
  }

  async #bound(limitBytes: number, disk: Disk): Promise<void> {
    if (this.#isBounded) return
    await this.#options.store.boundParts(limitBytes / PARTS, reserveBytes(disk) / 4)
    this.#isBounded = true
  }
}

/** What a store leaves to others, and to itself for what it writes anew. */
function reserveBytes({ totalBytes }: Disk): number {
  return Math.min(totalBytes * TENTH, MOST_RESERVE_BYTES)
}
