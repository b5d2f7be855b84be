import type { SessionOptions } from 'node:http2'
import type { ProxyLimits } from '../limits.ts'

const MOST_FIELDS = 200
const WINDOW = 256 * 1024
/** In MB: what one connection may make us hold, frames and tables of HPACK among it. */
const SESSION_MEMORY_MB = 16

/**
 * Bounds of a connection of HTTP/2: compressed heads are counted as they unfold (HPACK bombs), and end a connection when they are
 * too large, as do CONTINUATION frames without end, SETTINGS and PING floods, and answers that nobody fetches.
 */
export function http2Bounds({ headBytes, streamsPerConnection }: ProxyLimits): SessionOptions {
  return {
    maxSessionMemory: SESSION_MEMORY_MB,
    maxHeaderListPairs: MOST_FIELDS,
    maxSendHeaderBlockLength: 2 * headBytes,
    maxOutstandingPings: 4,
    maxSettings: 16,
    peerMaxConcurrentStreams: streamsPerConnection,
    settings: {
      enablePush: false,
      headerTableSize: 4096,
      initialWindowSize: WINDOW,
      maxConcurrentStreams: streamsPerConnection,
      maxHeaderListSize: headBytes,
    },
  }
}
