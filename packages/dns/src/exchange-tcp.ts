import { connect } from 'node:net'
import { isWireFailure, parseMessage } from '@sallyport/wire'
import type { Counters } from './counters.ts'
import { abandoned, NETWORK_ERROR, TIMED_OUT, type Exchange } from './exchange.ts'
import { frame, FrameReader } from './frames.ts'
import type { Endpoint } from './options.ts'
import { matchAnswer, type OutgoingQuery } from './outgoing-query.ts'

/** One query over a connection of its own: for answers that UDP does not hold, and to tell a server from a spoofer. */
export function exchangeTcp(
  query: OutgoingQuery,
  upstream: Endpoint,
  timeoutMs: number,
  signal: AbortSignal,
  counters: Counters,
): Promise<Exchange> {
  if (signal.aborted) return Promise.resolve(abandoned(signal))
  counters.add('upstreamQueriesTcp')
  return new Promise((resolve) => {
    const socket = connect({ host: upstream.address, port: upstream.port, noDelay: true })
    const frames = new FrameReader(65535)
    const timer = setTimeout(() => finish(TIMED_OUT), timeoutMs)
    const abort = (): void => finish(abandoned(signal))

    const finish = (result: Exchange): void => {
      clearTimeout(timer)
      signal.removeEventListener('abort', abort)
      socket.destroy()
      resolve(result)
    }

    signal.addEventListener('abort', abort)
    socket.on('error', () => finish(NETWORK_ERROR))
    socket.on('close', () => finish(NETWORK_ERROR))
    socket.on('connect', () => socket.write(frame(query.bytes)))
    socket.on('data', (chunk: Buffer) => {
      const bytes = frames.push(chunk)?.[0]
      if (bytes === undefined) return
      const answer = parseMessage(bytes)
      if (isWireFailure(answer)) {
        counters.add('upstreamMalformed')
        return finish(NETWORK_ERROR)
      }
      const match = matchAnswer(query.message, answer)
      if (match === 'other') counters.add('upstreamMismatches')
      finish(match === 'other' ? NETWORK_ERROR : { kind: match === 'match' ? 'answer' : match, message: answer })
    })
  })
}
