import { createSocket } from 'node:dgram'
import { isIPv6 } from 'node:net'
import { isWireFailure, parseMessage, type Message } from '@sallyport/wire'
import type { Counters } from '../counters.ts'
import type { Endpoint } from '../options.ts'
import { abandoned, NETWORK_ERROR, TIMED_OUT, type Exchange } from './exchange.ts'
import { matchAnswer, type OutgoingQuery } from './outgoing-query.ts'
import type { CookieCheck } from './upstream-cookie.ts'

/** So many wrong answers to one query are an attack that must not get more tries (RFC 5452 §5). */
const MOST_WRONG = 32

/**
 * A socket for each query: the system picks a random port (RFC 5452 §4.5), and a connected socket takes nothing from
 * another address or port than the server's.
 */
export function exchangeUdp(
  query: OutgoingQuery,
  upstream: Endpoint,
  timeoutMs: number,
  signal: AbortSignal,
  counters: Counters,
  checkCookie: (answer: Message) => CookieCheck,
): Promise<Exchange> {
  if (signal.aborted) return Promise.resolve(abandoned(signal))
  counters.add('upstreamQueriesUdp')
  return new Promise((resolve) => {
    const socket = createSocket(isIPv6(upstream.address) ? 'udp6' : 'udp4')
    const timer = setTimeout(() => finish(TIMED_OUT), timeoutMs)
    const abort = (): void => finish(abandoned(signal))
    let wrong = 0
    let finished = false

    const finish = (result: Exchange): void => {
      if (finished) return
      finished = true
      clearTimeout(timer)
      signal.removeEventListener('abort', abort)
      socket.close()
      resolve(result)
    }
    const ignore = (): void => {
      if (++wrong >= MOST_WRONG) finish(NETWORK_ERROR)
    }

    signal.addEventListener('abort', abort)
    socket.on('error', () => finish(NETWORK_ERROR))
    socket.on('message', (bytes) => {
      const message = parseMessage(bytes)
      if (isWireFailure(message)) {
        counters.add('upstreamMalformed')
        return ignore()
      }
      const match = matchAnswer(query.message, message)
      const cookie = match === 'other' ? 'fits' : checkCookie(message)
      if (match === 'other' || cookie === 'foreign') {
        counters.add('upstreamMismatches')
        return ignore()
      }
      if (match === 'respelled') return finish({ kind: 'unproven', lacks: 'case', message })
      finish(cookie === 'fits' ? { kind: 'answer', message } : { kind: 'unproven', lacks: 'cookie', message })
    })
    socket.connect(upstream.port, upstream.address, (error?: Error) => {
      if (error !== undefined && error !== null) return finish(NETWORK_ERROR)
      if (!finished) socket.send(query.bytes, (failure) => failure !== null && finish(NETWORK_ERROR))
    })
  })
}
