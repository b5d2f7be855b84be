import { timeOf, type Message, type Origin } from '../message.ts'
import { encodeMessage, type Format } from './encode-message.ts'

/** local0: what no other facility is for. */
const FACILITY = 16
const ALERTS = { low: 5, medium: 4, high: 3, critical: 2 } as const
const WARNING = 4
const INFORMATIONAL = 6

/** RFC 5424 §6: header, no structured data, and the message in its format. */
export function syslogLine(message: Message, format: Format, origin: Origin): string {
  const severity =
    message.kind === 'alert'
      ? ALERTS[message.alert.severity]
      : message.flow.verdict.verdict === 'deny'
        ? WARNING
        : INFORMATIONAL
  const time = new Date(timeOf(message)).toISOString()
  const header = `<${FACILITY * 8 + severity}>1 ${time} ${printable(origin.host, 255)} sallyport ${origin.pid} ${message.kind} -`
  return `${header} ${encodeMessage(message, format, origin)}`
}

/** PRINTUSASCII of the RFC, at most so long; what has none of it is nil. */
function printable(text: string, most: number): string {
  return text.replace(/[^\x21-\x7e]/g, '').slice(0, most) || '-'
}
