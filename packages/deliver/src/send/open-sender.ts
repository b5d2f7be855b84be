import { encodeMessage } from '../format/encode-message.ts'
import { otlpLogs } from '../format/otlp-logs.ts'
import type { Origin } from '../message.ts'
import type { Target } from '../target.ts'
import { mailSender } from './mail-sender.ts'
import { post } from './post.ts'
import type { Sender } from './sender.ts'
import { signCall } from './sign-call.ts'
import { syslogSender } from './syslog-sender.ts'

export function openSender(target: Target, origin: Origin): Sender {
  switch (target.kind) {
    case 'webhook': {
      const { url, format, headers, key } = target
      const body = (lines: readonly string[]): string => `[${lines.join(',')}]`
      const encode = format === 'cef' ? (line: string): string => JSON.stringify(line) : (line: string): string => line
      return sending((messages) => {
        const text = body(messages.map((message) => encode(encodeMessage(message, format, origin))))
        return post(url, key === null ? headers : { ...headers, ...signCall(key, text, Date.now()) }, text)
      })
    }
    case 'opentelemetry':
      return sending((messages) => post(target.url, target.headers, otlpLogs(messages, origin)))
    case 'syslog':
      return syslogSender(target, origin)
    case 'mail':
      return mailSender(target, origin)
  }
}

function sending(send: Sender['send']): Sender {
  return { send, [Symbol.asyncDispose]: async () => {} }
}
