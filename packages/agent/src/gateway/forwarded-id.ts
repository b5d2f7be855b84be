import { hash } from 'node:crypto'
import type { ForwardedEvent } from '@sallyport/kernel'

type Told = Pick<ForwardedEvent, 'timeNs' | 'src' | 'srcPort' | 'dst' | 'port' | 'ipproto'>

/** Of a flow between two ends that was told to begin then: its end has the same. */
export function forwardedId({ timeNs, src, srcPort, dst, port, ipproto }: Told): string {
  const numbers = BigUint64Array.of(timeNs, BigInt(srcPort), BigInt(port), BigInt(ipproto))
  return hash('sha256', Buffer.concat([src, dst, new Uint8Array(numbers.buffer)]), 'hex').slice(0, 16)
}
