/** Questions that wait for their answer; at most `room` of them, the rest is answered with null at once. */
export class Pending<T> {
  readonly #waiting = new Map<number, (answer: T | null) => void>()
  readonly #room: number
  #next = 0

  constructor(room: number) {
    this.#room = room
  }

  add(ask: (id: number) => void): Promise<T | null> {
    if (this.#waiting.size >= this.#room) return Promise.resolve(null)
    const { promise, resolve } = Promise.withResolvers<T | null>()
    const id = this.#next++
    this.#waiting.set(id, resolve)
    ask(id)
    return promise
  }

  settle(id: number, answer: T | null): void {
    this.#waiting.get(id)?.(answer)
    this.#waiting.delete(id)
  }
}
