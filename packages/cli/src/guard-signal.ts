import { MAKE_WAY } from '@sallyport/agent'
import { stopSignal } from './stop-signal.ts'

/** Aborts as `stopSignal` does, and at SIGHUP to make way for the next start. */
export function guardSignal(): AbortSignal {
  const makesWay = new AbortController()
  process.once('SIGHUP', () => makesWay.abort(MAKE_WAY))
  return AbortSignal.any([stopSignal(), makesWay.signal])
}
