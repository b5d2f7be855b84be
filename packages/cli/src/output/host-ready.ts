import type { HostStatus } from '@sallyport/agent'
import type { DeskReady } from '@sallyport/console'
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
