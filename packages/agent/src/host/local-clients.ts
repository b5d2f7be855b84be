import { networkInterfaces } from 'node:os'
import { Worker } from 'node:worker_threads'
import type { SocketEnds } from '@sallyport/kernel/processes'
import { addressScope, parseAddress, sameAddress, type Address } from '@sallyport/net'
import type { LocalClient } from './local-client.ts'
import type { LocalClientsAnswer, LocalClientsRequest } from './local-clients-thread.ts'

export type { LocalClient } from './local-client.ts'
export { askedOfProcesses } from './policy-terms.ts'

const MOST_WAITING = 10_000
const ANSWER_MS = 2000
const ADDRESSES_KEPT_MS = 1000

export type LocalClientCounters = {
  /** That were looked for, and told, found or not. */
  readonly looked: number
  /** That were not told in time. */
  readonly late: number
  /** That were not looked for: too many waited, or nobody looks any more. */
  readonly full: number
}
export const NOBODY_LOOKED_FOR: LocalClientCounters = { looked: 0, late: 0, full: 0 }

/** Who is behind connections from this host; a thread looks, since a look through all processes takes milliseconds. */
export class LocalClients implements AsyncDisposable {
  readonly #thread: Worker
  readonly #mostWaiting: number
  readonly #counters = { ...NOBODY_LOOKED_FOR }
  readonly #waiting = new Map<number, (client: LocalClient) => void>()
  #asked = 0
  #isBroken = false
  #addresses: readonly Address[] = []
  #addressesMs = Number.NEGATIVE_INFINITY

  constructor(mostWaiting: number = MOST_WAITING) {
    this.#mostWaiting = mostWaiting
    this.#thread = new Worker(new URL('./local-clients-thread.ts', import.meta.url))
    this.#thread.unref()
    this.#thread.on('message', ({ id, client }: LocalClientsAnswer) => this.#answer(id, client, 'looked'))
    // Nobody is known then, and whatever asks for it is denied.
    this.#thread.on('error', () => this.#giveUp())
  }

  /** Null for a connection from another host. Never rejects; what cannot be found out is left out. */
  find(socket: SocketEnds, withHash: boolean): Promise<LocalClient> | null {
    return this.#isOwn(socket.local.address) ? this.#ask(socket, withHash) : null
  }

  counters(): LocalClientCounters {
    return { ...this.#counters }
  }

  #ask(socket: SocketEnds, withHash: boolean): Promise<LocalClient> {
    if (this.#isBroken || this.#waiting.size >= this.#mostWaiting) {
      this.#counters.full++
      return Promise.resolve({})
    }
    const id = ++this.#asked
    return new Promise((resolve) => {
      const late = setTimeout(() => this.#answer(id, {}, 'late'), ANSWER_MS)
      this.#waiting.set(id, (client) => {
        clearTimeout(late)
        resolve(client)
      })
      // oxlint-disable-next-line unicorn/require-post-message-target-origin
      this.#thread.postMessage({ id, socket, withHash } satisfies LocalClientsRequest)
    })
  }

  /** A client may bind to any address of its host, not only to the one that it connects to. */
  #isOwn(address: Address): boolean {
    if (addressScope(address) === 'loopback') return true
    const nowMs = performance.now()
    if (nowMs - this.#addressesMs > ADDRESSES_KEPT_MS) {
      this.#addressesMs = nowMs
      const all = Object.values(networkInterfaces()).flatMap((each) => each ?? [])
      this.#addresses = all.flatMap((each) => parseAddress(each.address) ?? [])
    }
    return this.#addresses.some((own) => sameAddress(own, address))
  }

  #answer(id: number, client: LocalClient, as: keyof LocalClientCounters): void {
    const tell = this.#waiting.get(id)
    // Told by now: it came after its time.
    if (tell === undefined) return
    this.#waiting.delete(id)
    this.#counters[as]++
    tell(client)
  }

  #giveUp(): void {
    this.#isBroken = true
    for (const id of this.#waiting.keys()) this.#answer(id, {}, 'full')
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#giveUp()
    await this.#thread.terminate()
  }
}
