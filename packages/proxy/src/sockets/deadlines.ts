/** What is to happen unless it is cancelled before. */
export type Deadline = { cancel(): void }

export type Due = { onDue(): void }

/**
 * Deadlines of which hardly one is ever reached. There is a list for each span of time, in the order in which they are due, and one timer
 * for each list, which nothing but its first look moves: to set and to cancel one is to link and unlink it. They keep no
 * process alive.
 */
export class Deadlines {
  readonly #lists = new Map<number, DeadlineList>()

  after(ms: number, due: Due, nowMs: number = performance.now()): Deadline {
    let list = this.#lists.get(ms)
    if (list === undefined) {
      list = new DeadlineList(ms, () => this.#lists.delete(ms))
      this.#lists.set(ms, list)
    }
    return list.add(due, nowMs + ms)
  }
}

class DeadlineList {
  readonly #onEmpty: () => void
  readonly #look = (): void => this.#run()
  first: OneDeadline | null = null
  last: OneDeadline | null = null

  constructor(ms: number, onEmpty: () => void) {
    this.#onEmpty = onEmpty
    this.#arm(ms)
  }

  add(due: Due, dueMs: number): OneDeadline {
    const added = new OneDeadline(this, dueMs, due)
    added.before = this.last
    if (this.last === null) this.first = added
    else this.last.behind = added
    this.last = added
    return added
  }

  #arm(ms: number): void {
    setTimeout(this.#look, ms).unref()
  }

  #run(): void {
    try {
      for (let next = this.first; next !== null && next.dueMs <= performance.now(); next = this.first) {
        next.cancel()
        next.due.onDue()
      }
    } finally {
      if (this.first === null) this.#onEmpty()
      else this.#arm(Math.max(1, Math.ceil(this.first.dueMs - performance.now())))
    }
  }
}

class OneDeadline implements Deadline {
  readonly dueMs: number
  readonly due: Due
  before: OneDeadline | null = null
  behind: OneDeadline | null = null
  #list: DeadlineList | null

  constructor(list: DeadlineList, dueMs: number, due: Due) {
    this.#list = list
    this.dueMs = dueMs
    this.due = due
  }

  cancel(): void {
    const list = this.#list
    if (list === null) return
    this.#list = null
    if (this.before === null) list.first = this.behind
    else this.before.behind = this.behind
    if (this.behind === null) list.last = this.before
    else this.behind.before = this.before
  }
}
