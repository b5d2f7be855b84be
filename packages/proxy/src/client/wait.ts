import { after } from '../sockets/after.ts'
import type { ByteSocket } from '../sockets/byte-socket.ts'

/** One that waits for something to happen, and those who make it happen. */
export class Wait {
  #wake: (() => void) | null = null

  /** Whoever waits goes on. */
  wake(): void {
    this.#wake?.()
  }

  /** True when nothing happened for so long; `socket`: whose octets are waited for, where that is one. */
  isLate(timeoutMs: number, socket: ByteSocket | null): Promise<boolean> {
    return new Promise((resolve) => {
      const deadline = after(timeoutMs, socket, () => {
        this.#wake = null
        resolve(true)
      })
      this.#wake = () => {
        this.#wake = null
        deadline.cancel()
        resolve(false)
      }
    })
  }
}
