import { Worker } from 'node:worker_threads'
import type { ClientKey } from '../client/request-rates.ts'
import type { PasswordQuestion } from './password-thread.ts'

const MOST_OF_CLIENT = 64
const MOST_WAITING = 1024
/** A thread that nobody asks anything is given back. */
const IDLE_MS = 30_000

type Job = PasswordQuestion & { readonly answer: (holds: boolean) => void }

/** Compares passwords in a thread; clients take turns, so that who guesses waits for himself. */
export class PasswordHashing {
  /** The client whose turn it is comes first. */
  readonly #waiting = new Map<ClientKey, Job[]>()
  #count = 0
  #thread: Worker | null = null
  #running: Job | null = null
  #idle: NodeJS.Timeout | undefined

  /** False too where there is no room to wait. */
  compare(client: ClientKey, password: string, hash: string): Promise<boolean> {
    const own = this.#waiting.get(client) ?? []
    if (own.length >= MOST_OF_CLIENT || this.#count >= MOST_WAITING) return Promise.resolve(false)
    return new Promise((answer) => {
      own.push({ password, hash, answer })
      this.#waiting.set(client, own)
      this.#count++
      this.#next()
    })
  }

  #next(): void {
    if (this.#running !== null) return
    const first = this.#waiting.entries().next().value
    if (first === undefined) return this.#rest()
    const [client, jobs] = first
    const job = jobs.shift()!
    this.#waiting.delete(client)
    if (jobs.length > 0) this.#waiting.set(client, jobs)
    this.#count--
    this.#running = job
    clearTimeout(this.#idle)
    this.#thread ??= this.#start()
    this.#thread.ref()
    const { password, hash } = job
    // A thread, not a window.
    // oxlint-disable-next-line unicorn/require-post-message-target-origin
    this.#thread.postMessage({ password, hash } satisfies PasswordQuestion)
  }

  #start(): Worker {
    const thread = new Worker(new URL('./password-thread.ts', import.meta.url))
    thread.on('message', (holds: boolean) => this.#done(holds))
    // Exit follows.
    thread.on('error', () => {})
    thread.on('exit', () => {
      if (this.#thread !== thread) return
      this.#thread = null
      this.#done(false)
    })
    return thread
  }

  #done(holds: boolean): void {
    const job = this.#running
    this.#running = null
    job?.answer(holds)
    this.#next()
  }

  #rest(): void {
    const thread = this.#thread
    if (thread === null) return
    thread.unref()
    clearTimeout(this.#idle)
    this.#idle = setTimeout(() => {
      this.#thread = null
      void thread.terminate()
    }, IDLE_MS).unref()
  }
}
