import { connect } from 'node:net'
import { formatAddress } from '@sallyport/net'
import { refusal, type AnswerReason, type Refusal } from '../answers.ts'
import { after } from '../sockets/after.ts'
import type { ByteSocket } from '../sockets/byte-socket.ts'
import type { Deadline } from '../sockets/deadlines.ts'
import { LoopSocket } from '../sockets/loop-socket.ts'
import type { SocketLoop } from '../sockets/socket-loop.ts'
import type { JudgedAddress } from './judge-addresses.ts'

export type Opened =
  | { readonly state: 'open'; readonly socket: ByteSocket; readonly to: JudgedAddress }
  | { readonly state: 'refused'; readonly refusal: Refusal }

/** RFC 8305 §5: the next address is tried when the last has not answered for so long. */
const STAGGER_MS = 300

/** A connection to the first of the addresses that answers; the others are given up. */
export function openUpstream(
  loop: SocketLoop | null,
  addresses: readonly JudgedAddress[],
  port: number,
  timeoutMs: number,
): Promise<Opened> {
  return new Promise((resolve) => {
    let running: ByteSocket[] = []
    const forget = (socket: ByteSocket): void => void (running = running.filter((other) => other !== socket))
    let next = 0
    let stagger: NodeJS.Timeout | undefined
    let late: Deadline | undefined
    const finish = (opened: Opened): void => {
      clearTimeout(stagger)
      late?.cancel()
      const givenUp = running
      running = []
      for (const socket of givenUp) socket.destroy()
      resolve(opened)
    }
    const start = (): void => {
      clearTimeout(stagger)
      const to = addresses[next++]
      if (to === undefined) return
      const socket: ByteSocket =
        loop === null
          ? connect({ host: formatAddress(to.address), port, allowHalfOpen: true, noDelay: true, keepAlive: true })
          : LoopSocket.connect(loop, { address: to.address, port })
      late ??= after(timeoutMs, socket, {
        onDue: () => finish({ state: 'refused', refusal: refusal('connect-timeout') }),
      })
      running.push(socket)
      const onError = (error: NodeJS.ErrnoException): void => {
        forget(socket)
        socket.destroy()
        if (next < addresses.length) return start()
        const explain = `${formatAddress(to.address)} port ${port}: ${error.code ?? error.message}`
        if (running.length === 0) finish({ state: 'refused', refusal: refusal(reasonOf(error.code), explain) })
      }
      socket.once('connect', () => {
        forget(socket)
        socket.off('error', onError)
        // A connection of the loop fails by closing.
        if (loop === null) socket.on('error', () => socket.destroy())
        finish({ state: 'open', socket, to })
      })
      socket.once('error', onError)
      if (next < addresses.length) stagger = setTimeout(start, STAGGER_MS)
    }
    start()
  })
}

function reasonOf(code: string | undefined): AnswerReason {
  if (code === 'ECONNREFUSED') return 'connect-refused'
  return code === 'ETIMEDOUT' ? 'connect-timeout' : 'connect-failed'
}
