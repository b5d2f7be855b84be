import type { Message, Origin } from './message.ts'
import { Outbox, type OutboxCounters } from './outbox.ts'
import { openSender } from './send/open-sender.ts'
import { describeTarget, type Target } from './target.ts'
import { WaitingMessages } from './waiting-messages.ts'

export type DeliveryStatus = OutboxCounters & { readonly target: string }

type Options = {
  /** The file of what waits. */
  readonly path: string
  readonly origin: Origin
  readonly onNotice: (text: string) => void
}

/** One outbox for each target: one that cannot be reached holds up no other. */
export class Deliveries implements Disposable {
  readonly #outboxes: readonly { readonly target: string; readonly outbox: Outbox }[]
  readonly #waiting: WaitingMessages
  readonly #onNotice: (text: string) => void

  constructor(targets: readonly Target[], { path, origin, onNotice }: Options) {
    // Who sends nothing leaves no file.
    this.#waiting = targets.length === 0 ? WaitingMessages.open(':memory:') : openOrRemember(path, onNotice)
    this.#onNotice = onNotice
    this.#outboxes = targets.map((each, place) => {
      const target = describeTarget(each)
      const same = targets.slice(0, place).filter((other) => describeTarget(other) === target).length
      const options = {
        waiting: this.#waiting,
        // Without what may be secret; what differs in nothing else is told apart by its place.
        key: `${target} ${same}`,
        sender: openSender(each, origin),
        onNotice: (text: string): void => onNotice(`${target}: ${text}`),
      }
      return { target, outbox: new Outbox(options) }
    })
    const left = this.#waiting.removeOthers(this.#outboxes.map(({ outbox }) => outbox.key))
    if (left > 0) onNotice(`${left} messages waited for a receiver that is not named any more; they are gone`)
  }

  get isEmpty(): boolean {
    return this.#outboxes.length === 0
  }

  /** Never waits and never throws. A batch that comes again is known by its id. */
  push(id: string, messages: readonly Message[]): void {
    if (this.isEmpty || messages.length === 0) return
    const outboxes = this.#outboxes.map(({ outbox }) => outbox)
    try {
      const roomFor = new Map(outboxes.map((outbox) => [outbox.key, outbox.room()]))
      if (!this.#waiting.add(id, messages, roomFor)) return
      for (const outbox of outboxes) outbox.added(messages.length)
    } catch (error) {
      for (const outbox of outboxes) outbox.notKept(messages.length)
      this.#onNotice(
        `${messages.length} messages cannot be kept: ${error instanceof Error ? error.message : String(error)}`,
      )
    }
  }

  status(): readonly DeliveryStatus[] {
    return this.#outboxes.map(({ target, outbox }) => ({ target, ...outbox.counters() }))
  }

  async run(signal: AbortSignal): Promise<void> {
    await Promise.all(this.#outboxes.map(({ outbox }) => outbox.run(signal)))
  }

  [Symbol.dispose](): void {
    this.#waiting[Symbol.dispose]()
  }
}

function openOrRemember(path: string, onNotice: (text: string) => void): WaitingMessages {
  try {
    return WaitingMessages.open(path)
  } catch (error) {
    onNotice(
      `${path} cannot be used, what waits is kept in memory: ${error instanceof Error ? error.message : String(error)}`,
    )
    return WaitingMessages.open(':memory:')
  }
}
