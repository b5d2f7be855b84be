import type { KernelEvent } from '@sallyport/kernel'

/** 2^64 divided by the golden ratio: neighbouring times spread over all bits (Knuth, TAOCP vol. 3, §6.4). */
const SPREAD = 0x9e3779b97f4a7c15n

/** Of the flow of one socket that began then: its end has the same. Null for a socket that never came to be. */
export function flowId({ cookie, timeNs }: Pick<KernelEvent, 'cookie' | 'timeNs'>): string | null {
  return cookie === 0n ? null : idOfSocket({ cookie, timeNs })
}

/** Of a socket that there is. */
export function idOfSocket({ cookie, timeNs }: Pick<KernelEvent, 'cookie' | 'timeNs'>): string {
  return BigInt.asUintN(64, (timeNs * SPREAD) ^ cookie)
    .toString(16)
    .padStart(16, '0')
}
