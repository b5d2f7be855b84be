import type { Message, Origin } from './message.ts'
import { Outbox, type OutboxCounters } from './outbox.ts'
import { openSender } from './send/open-sender.ts'
import { describeTarget, type Target } from './target.ts'

export type DeliveryStatus = OutboxCounters & { readonly target: string }

/** One outbox for each target: one that cannot be reached holds up no other. */
export class Deliveries {
  readonly #outboxes: readonly { readonly target: string; readonly outbox: Outbox }[]

  constructor(targets: readonly Target[], origin: Origin, onNotice: (text: string) => void) {
    this.#outboxes = targets.map((each) => {
      const target = describeTarget(each)
      const sender = openSender(each, origin)
      return { target, outbox: new Outbox({ sender, onNotice: (text) => onNotice(`${target}: ${text}`) }) }
    })
  }

  get isEmpty(): boolean {
    return this.#outboxes.length === 0
  }

  push(messages: readonly Message[]): void {
    for (const { outbox } of this.#outboxes) outbox.push(messages)
  }

  status(): readonly DeliveryStatus[] {
    return this.#outboxes.map(({ target, outbox }) => ({ target, ...outbox.counters() }))
  }

  async run(signal: AbortSignal): Promise<void> {
    await Promise.all(this.#outboxes.map(({ outbox }) => outbox.run(signal)))
  }
}
