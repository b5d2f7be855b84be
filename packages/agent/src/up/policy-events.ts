type Numbered = { readonly generation: number }
type Receiver<Event> = { readonly receive: (event: Event) => void }

const KEPT = 8

/** Events name the generation that decided them: those that were on their way when the policy changed are told in its words. */
export class PolicyEvents<Event extends Numbered> {
  readonly #since: { readonly generation: number; readonly receiver: Receiver<Event> }[] = []

  /** The receiver of events from that generation on. */
  begin(generation: number, receiver: Receiver<Event>): void {
    this.#since.push({ generation, receiver })
    if (this.#since.length > KEPT) this.#since.shift()
  }

  receive(event: Event): void {
    const one = this.#since.findLast(({ generation }) => generation <= event.generation) ?? this.#since[0]
    one?.receiver.receive(event)
  }
}
