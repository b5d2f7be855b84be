import { after } from '../sockets/after.ts'
import type { ByteSocket } from '../sockets/byte-socket.ts'
import type { Deadline, Due } from '../sockets/deadlines.ts'

/** One that waits for something to happen, and those who make it happen. */
export class Wait implements Due {
  #resolve: ((isLate: boolean) => void) | null = null
  #deadline: Deadline | null = null

  /** Whoever waits goes on. */
  wake(): void {
    if (this.#resolve === null) return
    this.#deadline?.cancel()
    this.#settle(false)
  }

  /** True when nothing happened for so long; `socket`: whose octets are waited for, where that is one. */
  isLate(timeoutMs: number, socket: ByteSocket | null): Promise<boolean> {
    return new Promise((resolve) => {
      this.#resolve = resolve
      this.#deadline = after(timeoutMs, socket, this)
    })
  }

  onDue(): void {
    this.#settle(true)
  }

  #settle(isLate: boolean): void {
    const resolve = this.#resolve
    this.#resolve = null
    this.#deadline = null
    resolve?.(isLate)
  }
}
