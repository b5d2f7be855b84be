import { once } from 'node:events'
import type { FromWorker, Place, ToWorker } from './keep-standby.ts'

/** Set for a worker of `keepStandby`. */
export const STANDBY_VARIABLE = 'SALLYPORT_DNS_STANDBY'

export function isWorker(): boolean {
  return process.env[STANDBY_VARIABLE] === '1' && process.send !== undefined
}

/** Says that everything is read, and waits for the turn; where to answer, `null` for where the command line says, and on what. */
export async function standBy(): Promise<Pick<ToWorker, 'place' | 'sockets'>> {
  // Nobody is there any more who would start another one.
  process.once('disconnect', endAlone)
  say({ event: 'loaded' })
  const [message] = (await once(process, 'message')) as [ToWorker]
  return message
}

export function sayReady(place: Place): void {
  say({ event: 'ready', ...place })
}

/** The channel would keep the process alive. */
export function sayDone(): void {
  process.removeListener('disconnect', endAlone)
  process.disconnect?.()
}

function endAlone(): void {
  process.kill(process.pid, 'SIGTERM')
}

function say(message: FromWorker): void {
  process.send?.(message)
}
