import { formatAddress } from '@sallyport/net'
import type { Flow } from './flow.ts'

/** A flow in the words of the language, ready for JSON: what `parseFlow` reads. */
export function flowFacts(flow: Flow): { readonly [fact: string]: unknown } {
  const { time, src, dst, ...rest } = flow
  return {
    ...(time === undefined ? {} : { time: time === null ? null : new Date(time).toISOString() }),
    ...rest,
    ...(src === undefined ? {} : { src: src === null ? null : formatAddress(src) }),
    ...(dst === undefined ? {} : { dst: dst === null ? null : formatAddress(dst) }),
  }
}
