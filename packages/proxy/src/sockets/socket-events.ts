// oxlint-disable-next-line typescript/no-explicit-any -- as Node types events
type Listener = (...args: any[]) => void
type Heard = { readonly event: string; readonly listener: Listener; readonly isOnce: boolean; isDone: boolean }

/**
 * Who listens to a socket. It calls in the order and with the rules of Node's emitter: whoever is there when an event begins hears it, and
 * an error that nobody hears is thrown. A socket has some twelve listeners in its short life: one list of them takes less of memory and
 * of time than a table of names.
 */
export class SocketEvents {
  #heard: Heard[] = []
  /** Whether some event may be on its way along the list. */
  #isWalked = false

  on(event: string, listener: Listener): this {
    this.#own().push({ event, listener, isOnce: false, isDone: false })
    this.heard(event)
    return this
  }

  once(event: string, listener: Listener): this {
    this.#own().push({ event, listener, isOnce: true, isDone: false })
    this.heard(event)
    return this
  }

  /** The one that came last, where it listens more than once. */
  off(event: string, listener: Listener): this {
    let at = this.#heard.length - 1
    while (at >= 0 && (this.#heard[at]!.event !== event || this.#heard[at]!.listener !== listener)) at--
    if (at >= 0) this.#own().splice(at, 1)
    return this
  }

  emit(event: string, value?: unknown): boolean {
    const heard = this.#heard
    let isHeard = false
    this.#isWalked = true
    for (const each of heard) {
      if (each.event !== event) continue
      isHeard = true
      if (each.isOnce) {
        if (each.isDone) continue
        each.isDone = true
        this.#forget(each)
      }
      each.listener(value)
    }
    if (!isHeard && event === 'error') throw value
    return isHeard
  }

  /** Somebody listens to it from now on. */
  protected heard(_event: string): void {}

  #forget(one: Heard): void {
    const at = this.#heard.indexOf(one)
    if (at >= 0) this.#own().splice(at, 1)
  }

  /** The list to change: another one while an event may be on its way along it. */
  #own(): Heard[] {
    if (this.#isWalked) {
      this.#heard = [...this.#heard]
      this.#isWalked = false
    }
    return this.#heard
  }
}
