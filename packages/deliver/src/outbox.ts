import { setTimeout as sleep } from 'node:timers/promises'
import type { Sender } from './send/sender.ts'
import type { WaitingMessages } from './waiting-messages.ts'

export type OutboxCounters = {
  readonly sent: number
  /** Calls that failed and were, or are, tried again. */
  readonly failures: number
  readonly waiting: number
  readonly dropped: { readonly full: number; readonly refused: number; readonly unwritable: number }
}

type Options = {
  readonly sender: Sender
  readonly waiting: WaitingMessages
  /** Under which its messages wait. */
  readonly key: string
  readonly onNotice: (text: string) => void
  readonly maxMessages?: number
  readonly batchMessages?: number
  readonly firstPauseMs?: number
  readonly maxPauseMs?: number
}

/**
 * Messages on their way to one receiver, in their order. A call that fails is tried again after longer and longer pauses; what comes
 * meanwhile waits on disk up to a bound, beyond which the newest are dropped, and counted. What was sent is removed after that: a
 * process that is killed in between sends it twice.
 */
export class Outbox {
  readonly key: string
  readonly #options: Required<Options>
  readonly #dropped = { full: 0, refused: 0, unwritable: 0 }
  #waiting: number
  #sent = 0
  #failures = 0
  /** How many are sent at once: fewer while one of them is refused, so that it takes no others with it. */
  #together: number
  #wake: (() => void) | null = null

  constructor(options: Options) {
    this.#options = { maxMessages: 100_000, batchMessages: 200, firstPauseMs: 1000, maxPauseMs: 60_000, ...options }
    this.key = options.key
    this.#together = this.#options.batchMessages
    this.#waiting = options.waiting.count(options.key)
  }

  room(): number {
    return Math.max(0, this.#options.maxMessages - this.#waiting)
  }

  /** So many came; those that there was room for wait. */
  added(messages: number): void {
    const kept = Math.min(messages, this.room())
    this.#waiting += kept
    this.#dropped.full += messages - kept
    this.#wake?.()
  }

  notKept(messages: number): void {
    this.#dropped.unwritable += messages
  }

  counters(): OutboxCounters {
    return { sent: this.#sent, failures: this.#failures, waiting: this.#waiting, dropped: { ...this.#dropped } }
  }

  /** Until the signal; what waits then is tried once more, and waits for the next start. */
  async run(signal: AbortSignal): Promise<void> {
    const { firstPauseMs, maxPauseMs } = this.#options
    const stop = (): void => this.#wake?.()
    signal.addEventListener('abort', stop)
    let pause = firstPauseMs
    while (!signal.aborted) {
      if (this.#waiting === 0) await this.#somethingToDo(signal)
      else if (await this.#sendSome()) pause = firstPauseMs
      else {
        await sleep(pause, undefined, { signal }).catch(() => {})
        pause = Math.min(pause * 2, maxPauseMs)
      }
    }
    signal.removeEventListener('abort', stop)
    while (this.#waiting > 0 && (await this.#sendSome()));
    await this.#options.sender[Symbol.asyncDispose]()
  }

  async #somethingToDo(signal: AbortSignal): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#wake = resolve
      if (signal.aborted || this.#waiting > 0) resolve()
    })
    this.#wake = null
  }

  async #sendSome(): Promise<boolean> {
    const { sender, waiting, batchMessages, onNotice } = this.#options
    try {
      const some = waiting.first(this.key, this.#together)
      if (some.length === 0) {
        this.#waiting = 0
        return true
      }
      const outcome = await sender.send(some.map(({ message }) => message))
      if (outcome === 'not-together' && some.length > 1) {
        this.#together = Math.ceil(some.length / 2)
        return true
      }
      waiting.remove(this.key, some.at(-1)!.number)
      this.#waiting -= some.length
      if (outcome === 'sent') {
        this.#sent += some.length
        this.#together = Math.min(this.#together * 2, batchMessages)
      } else {
        if (this.#dropped.refused === 0) onNotice(`${some.length} messages were refused; they are not sent again`)
        this.#dropped.refused += some.length
      }
      return true
    } catch (error) {
      this.#failures++
      if (this.#failures === 1)
        onNotice(`cannot be reached, and is tried again: ${error instanceof Error ? error.message : String(error)}`)
      return false
    }
  }
}
