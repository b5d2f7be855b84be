import type { Alert } from '@sallyport/detect'
import type { FlowRecord } from '@sallyport/flow'

/** What is sent: an alert under the identity that the log of alerts gave it, or a flow. */
export type Message =
  | { readonly kind: 'alert'; readonly alert: Alert & { readonly id: string } }
  | { readonly kind: 'flow'; readonly flow: FlowRecord }

/** Who sends. */
export type Origin = { readonly host: string; readonly version: string; readonly pid: number }

export const PRODUCT = 'Sallyport'

export function timeOf(message: Message): number {
  return message.kind === 'alert' ? Math.floor(message.alert.lastMs) : Date.parse(message.flow.time)
}
