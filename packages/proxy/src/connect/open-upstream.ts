import { connect, type Socket } from 'node:net'
import { formatAddress } from '@sallyport/net'
import { refusal, type AnswerReason, type Refusal } from '../answers.ts'
import type { JudgedAddress } from './judge-addresses.ts'

export type Opened =
  | { readonly state: 'open'; readonly socket: Socket; readonly to: JudgedAddress }
  | { readonly state: 'refused'; readonly refusal: Refusal }

/** RFC 8305 §5: the next address is tried when the last has not answered for so long. */
const STAGGER_MS = 300

/** A connection to the first of the addresses that answers; the others are given up. */
export function openUpstream(addresses: readonly JudgedAddress[], port: number, timeoutMs: number): Promise<Opened> {
  return new Promise((resolve) => {
    const running = new Set<Socket>()
    let next = 0
    let stagger: NodeJS.Timeout | undefined
    let failure: Refusal = refusal('connect-failed')
    const finish = (opened: Opened): void => {
      clearTimeout(stagger)
      clearTimeout(late)
      for (const socket of running) socket.destroy()
      running.clear()
      resolve(opened)
    }
    const late = setTimeout(() => finish({ state: 'refused', refusal: refusal('connect-timeout') }), timeoutMs)
    const start = (): void => {
      clearTimeout(stagger)
      const to = addresses[next++]
      if (to === undefined) return
      const host = formatAddress(to.address)
      const socket = connect({ host, port, allowHalfOpen: true, noDelay: true, keepAlive: true })
      running.add(socket)
      socket.once('connect', () => {
        running.delete(socket)
        socket.removeAllListeners('error')
        socket.on('error', () => socket.destroy())
        finish({ state: 'open', socket, to })
      })
      socket.once('error', (error: NodeJS.ErrnoException) => {
        running.delete(socket)
        socket.destroy()
        failure = refusal(reasonOf(error.code), `${host} port ${port}: ${error.code ?? error.message}`)
        if (next < addresses.length) start()
        else if (running.size === 0) finish({ state: 'refused', refusal: failure })
      })
      if (next < addresses.length) stagger = setTimeout(start, STAGGER_MS)
    }
    start()
  })
}

function reasonOf(code: string | undefined): AnswerReason {
  if (code === 'ECONNREFUSED') return 'connect-refused'
  return code === 'ETIMEDOUT' ? 'connect-timeout' : 'connect-failed'
}
