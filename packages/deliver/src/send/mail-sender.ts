import { createTransport } from 'nodemailer'
import type { Message, Origin } from '../message.ts'
import type { Target } from '../target.ts'
import type { Sender } from './sender.ts'

const PATIENCE_MS = 20_000
const MOST_DESCRIBED = 50

/** One mail for all messages of a call. */
export function mailSender({ server, from, to }: Extract<Target, { kind: 'mail' }>, origin: Origin): Sender {
  const transport = createTransport({
    host: server.hostname.replace(/^\[|\]$/g, ''),
    port: server.port === '' ? (server.protocol === 'smtps:' ? 465 : 25) : Number(server.port),
    secure: server.protocol === 'smtps:',
    connectionTimeout: PATIENCE_MS,
    greetingTimeout: PATIENCE_MS,
    socketTimeout: PATIENCE_MS,
    // A mail is ours from end to end: no part of it is fetched from a file or a URL.
    disableFileAccess: true,
    disableUrlAccess: true,
    ...(server.username === ''
      ? {}
      : {
          // Who takes STARTTLS out of what a server offers must not get the password; on this machine nobody stands between.
          requireTLS: !isLoopback(server.hostname),
          auth: { user: decodeURIComponent(server.username), pass: decodeURIComponent(server.password) },
        }),
  })
  return {
    send: async (messages) => {
      try {
        await transport.sendMail({ from, to: [...to], ...contentOf(messages, origin) })
        return 'sent'
      } catch (error) {
        const code = (error as { readonly responseCode?: number }).responseCode
        // RFC 5321 §4.2.1: 5yz is permanent.
        if (code !== undefined && code >= 500) return 'refused'
        throw error
      }
    },
    [Symbol.asyncDispose]: async () => transport.close(),
  }
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '[::1]' || /^127(?:\.\d+){3}$/.test(host)
}

function contentOf(
  messages: readonly Message[],
  { host }: Origin,
): { readonly subject: string; readonly text: string } {
  const alerts = messages.flatMap((message) => (message.kind === 'alert' ? [message.alert] : []))
  const described = alerts
    .slice(0, MOST_DESCRIBED)
    .map(({ severity, detector, technique, sentence, numbers, firstMs, lastMs, id }) =>
      [
        `${severity}: ${sentence}`,
        `  ${detector}, ${technique.id} ${technique.name}`,
        `  from ${new Date(firstMs).toISOString()} to ${new Date(lastMs).toISOString()}`,
        ...Object.entries(numbers).map(([name, value]) => `  ${name}: ${value}`),
        `  alert ${id}`,
      ].join('\n'),
    )
  const more = alerts.length > MOST_DESCRIBED ? [`and ${alerts.length - MOST_DESCRIBED} more`] : []
  const [only] = alerts
  const what = alerts.length === 1 ? `${only!.severity}: ${only!.detector}` : `${alerts.length} alerts`
  return { subject: `[sallyport ${host}] ${what}`, text: `${[...described, ...more].join('\n\n')}\n` }
}
