import { DATAGRAM_RECOGNISERS } from '../datagram/recognisers.ts'
import { STREAM_RECOGNISERS } from '../stream/recognisers.ts'
import { DatagramIdentifier } from './datagram-identifier.ts'
import type { HandshakeCrypto, Identification } from './identification.ts'
import type { Direction } from './recogniser.ts'
import { StreamIdentifier } from './stream-identifier.ts'

type IdentificationLimits = {
  /** Octets kept of each direction of a stream, and of the CRYPTO stream of QUIC. */
  readonly maxBytes: number
  readonly maxDatagrams: number
  /** Time from the first push after which the best answer so far is final; Infinity when the caller keeps time itself. */
  readonly maxMilliseconds: number
}

const DEFAULT_IDENTIFICATION_LIMITS: IdentificationLimits = {
  maxBytes: 32_768,
  maxDatagrams: 16,
  maxMilliseconds: Infinity,
}

type IdentificationOptions = {
  readonly transport: 'tcp' | 'udp'
  readonly limits?: Partial<IdentificationLimits>
  /** Without it QUIC is identified without a name, and `ja4` is null. */
  readonly ciphers?: HandshakeCrypto | null
}

export type Identifier = {
  /**
   * Bytes of one direction in their order: any piece of a TCP stream, exactly one UDP payload. `identified` is final. After
   * `unknown` no protocol known here can match what was seen; who can wait may push on, since the other side's answer may tell.
   */
  push(direction: Direction, bytes: Uint8Array, nowMs?: number): Identification
  /** The answer if nothing more comes: never `need-more`. */
  finish(): Identification
}

/** Starts the identification of one connection or exchange of datagrams from its first bytes. It never looks at ports. */
export function startIdentification(options: IdentificationOptions): Identifier {
  const limits = { ...DEFAULT_IDENTIFICATION_LIMITS, ...options.limits }
  const ciphers = options.ciphers ?? null
  const identifier =
    options.transport === 'tcp'
      ? new StreamIdentifier(STREAM_RECOGNISERS, limits.maxBytes, ciphers)
      : new DatagramIdentifier(DATAGRAM_RECOGNISERS, limits, ciphers)
  let startedMs: number | null = null
  return {
    push(direction, bytes, nowMs) {
      if (nowMs !== undefined) startedMs ??= nowMs
      const answer = identifier.push(direction, bytes)
      const isLate = nowMs !== undefined && nowMs - startedMs! > limits.maxMilliseconds
      return isLate && answer.state === 'need-more' ? identifier.finish() : answer
    },
    finish: () => identifier.finish(),
  }
}
