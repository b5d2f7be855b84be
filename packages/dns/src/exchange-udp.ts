import { createSocket } from 'node:dgram'
import { isIPv6 } from 'node:net'
import { isWireFailure, parseMessage } from '@sallyport/wire'
import type { Counters } from './counters.ts'
import { abandoned, NETWORK_ERROR, TIMED_OUT, type Exchange } from './exchange.ts'
import type { Endpoint } from './options.ts'
import { matchAnswer, type OutgoingQuery } from './outgoing-query.ts'

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
      const answer = parseMessage(bytes)
      if (isWireFailure(answer)) {
        counters.add('upstreamMalformed')
        return ignore()
      }
      const match = matchAnswer(query.message, answer)
      if (match === 'match') return finish({ kind: 'answer', message: answer })
      if (match === 'respelled') return finish({ kind: 'respelled', message: answer })
      counters.add('upstreamMismatches')
      ignore()
    })
    socket.connect(upstream.port, upstream.address, (error?: Error) => {
      if (error !== undefined && error !== null) return finish(NETWORK_ERROR)
      if (!finished) socket.send(query.bytes, (failure) => failure !== null && finish(NETWORK_ERROR))
    })
  })
}
