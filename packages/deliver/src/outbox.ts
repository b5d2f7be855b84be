import { setTimeout as sleep } from 'node:timers/promises'
import type { Message } from './message.ts'
import type { Sender } from './send/sender.ts'

export type OutboxCounters = {
  readonly sent: number
  /** Calls that failed and were, or are, tried again. */
  readonly failures: number
  readonly waiting: number
  readonly dropped: { readonly full: number; readonly refused: number; readonly stopped: number }
}

type Options = {
  readonly sender: Sender
  readonly onNotice: (text: string) => void
  readonly maxMessages?: number
  readonly batchMessages?: number
  readonly firstPauseMs?: number
  readonly maxPauseMs?: number
}

/**
 * Messages on their way to one receiver, in their order, in memory. A call that fails is tried again after longer and longer
 * pauses; what comes meanwhile waits up to a bound, beyond which the newest are dropped, and counted.
 */
export class Outbox {
  readonly #options: Required<Options>
  readonly #waiting: Message[] = []
  readonly #dropped = { full: 0, refused: 0, stopped: 0 }
  #sent = 0
  #failures = 0
  #wake: (() => void) | null = null

  constructor(options: Options) {
    this.#options = { maxMessages: 10_000, batchMessages: 200, firstPauseMs: 1000, maxPauseMs: 60_000, ...options }
  }

  /** Never waits. */
  push(messages: readonly Message[]): void {
    const room = this.#options.maxMessages - this.#waiting.length
    for (const message of messages.slice(0, room)) this.#waiting.push(message)
    this.#dropped.full += Math.max(0, messages.length - room)
    this.#wake?.()
  }

  counters(): OutboxCounters {
    return { sent: this.#sent, failures: this.#failures, waiting: this.#waiting.length, dropped: { ...this.#dropped } }
  }

  /** Until the signal; what waits then is tried once more. */
  async run(signal: AbortSignal): Promise<void> {
    const { firstPauseMs, maxPauseMs } = this.#options
    const stop = (): void => this.#wake?.()
    signal.addEventListener('abort', stop)
    let pause = firstPauseMs
    while (!signal.aborted) {
      if (this.#waiting.length === 0) await this.#somethingToDo(signal)
      else if (await this.#sendSome()) pause = firstPauseMs
      else {
        await sleep(pause, undefined, { signal }).catch(() => {})
        pause = Math.min(pause * 2, maxPauseMs)
      }
    }
    signal.removeEventListener('abort', stop)
    while (this.#waiting.length > 0 && (await this.#sendSome()));
    this.#dropped.stopped += this.#waiting.splice(0).length
    await this.#options.sender[Symbol.asyncDispose]()
  }

  async #somethingToDo(signal: AbortSignal): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#wake = resolve
      if (signal.aborted || this.#waiting.length > 0) resolve()
    })
    this.#wake = null
  }

  async #sendSome(): Promise<boolean> {
    const { sender, batchMessages, onNotice } = this.#options
    const some = this.#waiting.slice(0, batchMessages)
    try {
      const outcome = await sender.send(some)
      this.#waiting.splice(0, some.length)
      if (outcome === 'sent') this.#sent += some.length
      else {
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
