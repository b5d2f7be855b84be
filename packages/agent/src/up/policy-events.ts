import type { KernelEvent } from '@sallyport/kernel'

type Receiver = { readonly receive: (event: KernelEvent) => void }

const KEPT = 8

/** Events name the generation that decided them: those that were on their way when the policy changed are told in its words. */
export class PolicyEvents {
  readonly #since: { readonly generation: number; readonly receiver: Receiver }[] = []

  /** The receiver of events from that generation on. */
  begin(generation: number, receiver: Receiver): void {
    this.#since.push({ generation, receiver })
    if (this.#since.length > KEPT) this.#since.shift()
  }

  receive(event: KernelEvent): void {
    const one = this.#since.findLast(({ generation }) => generation <= event.generation) ?? this.#since[0]
    one?.receiver.receive(event)
  }
}
