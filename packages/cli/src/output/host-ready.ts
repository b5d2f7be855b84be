import type { HostStatus } from '@sallyport/agent'
import type { DeskReady } from '@sallyport/console'
import { SallyportError } from '@sallyport/policy'
import { reportFailure } from '../failure.ts'
import { describeHost } from './host-status.ts'
import { note } from './print.ts'

export function announceHost(status: HostStatus, asJson: boolean): void {
  note(asJson ? JSON.stringify({ event: 'ready', ...status }) : describeHost(status, Date.now()))
}

export function announceDesk({ url, token }: DeskReady, asJson: boolean): void {
  if (asJson) return note(JSON.stringify({ event: 'console', url, token }))
  note(
    token === null
      ? `console: ${url}`
      : `console: ${url}/#/setup/${token}  (makes the first account; good until the next start)`,
  )
}

/** The host is guarded all the same. */
export function reportDesk(
  { code, message, remedy }: Pick<SallyportError, 'code' | 'message' | 'remedy'>,
  asJson: boolean,
): void {
  reportFailure(new SallyportError(code, message, { remedy }), asJson)
}
