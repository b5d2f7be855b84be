import { writeSync } from 'node:fs'
import { once } from 'node:events'
import { setTimeout } from 'node:timers/promises'
import { Worker } from 'node:worker_threads'
import type { BulkThreadData, BulkTunnel, FromBulk, ToBulk } from './bulk-messages.ts'
import { F_DUPFD_CLOEXEC, F_SETPIPE_SZ, loadLinuxCalls, O_CLOEXEC_NONBLOCK, type LinuxCalls } from './linux-calls.ts'

/** Each takes six descriptors. */
const MOST_TUNNELS = 256
const PIPE_OCTETS = 1 << 20
const STOP_MS = 2000

export type BulkListener = (said: FromBulk) => void

/** A thread that moves the octets of tunnels with much to carry; the kernel moves them, without a copy to here. */
export class BulkMover implements AsyncDisposable {
  readonly #calls: LinuxCalls
  readonly #thread: Worker
  readonly #wake: readonly [number, number]
  readonly #listeners = new Map<number, BulkListener>()
  #ids = 0
  #isStopped = false

  private constructor(calls: LinuxCalls, wake: readonly [number, number]) {
    this.#calls = calls
    this.#wake = wake
    const workerData: BulkThreadData = { wakeFd: wake[0] }
    this.#thread = new Worker(new URL('./bulk-thread.ts', import.meta.url), { workerData })
    this.#thread.unref()
    this.#thread.on('message', (said: FromBulk) => {
      this.#listeners.get(said.id)?.(said)
      if (said.kind === 'ended') this.#listeners.delete(said.id)
    })
    // What it carried is lost; the rest goes on without it.
    this.#thread.on('error', () => this.#giveUp())
  }

  /** Null where the machine has no such calls. */
  static open(): BulkMover | null {
    try {
      const calls = loadLinuxCalls()
      const wake = new Int32Array(2)
      return calls.pipe2(wake, O_CLOEXEC_NONBLOCK) === 0 ? new BulkMover(calls, [wake[0]!, wake[1]!]) : null
    } catch {
      return null
    }
  }

  /** Takes the tunnel over, by descriptors of its own, so that nobody else's are ever written to; null when there is no room. */
  move(clientFd: number, serverFd: number, listener: BulkListener): { readonly cut: () => void } | null {
    if (this.#isStopped || this.#listeners.size >= MOST_TUNNELS) return null
    const owned = this.#own(clientFd, serverFd)
    if (owned === null) return null
    const id = ++this.#ids
    this.#listeners.set(id, listener)
    this.#tell({ kind: 'move', tunnel: { id, ...owned } })
    return { cut: () => this.#listeners.has(id) && this.#tell({ kind: 'cut', id }) }
  }

  #own(clientFd: number, serverFd: number): Omit<BulkTunnel, 'id'> | null {
    const calls = this.#calls
    const opened = [clientFd, serverFd].map((fd) => calls.fcntl(fd, F_DUPFD_CLOEXEC, 3))
    for (let pipe = 0; pipe < 2; pipe++) {
      const ends = new Int32Array(2).fill(-1)
      calls.pipe2(ends, O_CLOEXEC_NONBLOCK)
      // Where a user has too many large ones it stays as it is.
      calls.fcntl(ends[1]!, F_SETPIPE_SZ, PIPE_OCTETS)
      opened.push(...ends)
    }
    const [client, server, ...pipes] = opened as [number, number, number, number, number, number]
    if (opened.every((fd) => fd >= 0)) return { client, server, pipes }
    for (const fd of opened) if (fd >= 0) calls.close(fd)
    return null
  }

  #tell(message: ToBulk): void {
    if (this.#isStopped) return
    // oxlint-disable-next-line unicorn/require-post-message-target-origin
    this.#thread.postMessage(message)
    try {
      writeSync(this.#wake[1], 'x')
    } catch {
      // A full pipe wakes as well.
    }
  }

  #giveUp(): void {
    this.#isStopped = true
    for (const [id, listener] of this.#listeners) listener({ kind: 'ended', id, octetsOut: 0, octetsIn: 0, ended: 0 })
    this.#listeners.clear()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#isStopped) return
    this.#tell({ kind: 'stop' })
    this.#giveUp()
    // It closes what it has, if it gets to it.
    await Promise.race([once(this.#thread, 'exit'), setTimeout(STOP_MS)])
    await this.#thread.terminate()
    for (const fd of this.#wake) this.#calls.close(fd)
  }
}
