import { ocsfDetectionFinding } from '@sallyport/detect'
import { ocsfNetworkActivity } from '@sallyport/flow'
import { PRODUCT, type Message, type Origin } from '../message.ts'
import { cefMessage } from './cef-message.ts'

export const FORMATS = ['json', 'ocsf', 'cef'] as const
export type Format = (typeof FORMATS)[number]

/** One line, without its end. */
export function encodeMessage(message: Message, format: Format, origin: Origin): string {
  switch (format) {
    case 'json':
      return JSON.stringify(message.kind === 'alert' ? { alert: message.alert } : message.flow)
    case 'ocsf': {
      const product = { name: PRODUCT, version: origin.version }
      return JSON.stringify(
        message.kind === 'alert'
          ? ocsfDetectionFinding(message.alert, product)
          : ocsfNetworkActivity(message.flow, product),
      )
    }
    case 'cef':
      return cefMessage(message, origin)
  }
}
