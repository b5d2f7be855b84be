import { readFileSync } from 'node:fs'
import { SallyportError } from '@sallyport/policy'
import * as z from 'zod'
import { FORMATS, type Format } from './format/encode-message.ts'

/** Where messages go, and how. */
export type Target =
  | {
      readonly kind: 'webhook'
      readonly url: URL
      readonly format: Format
      readonly headers: Headers
      /** What calls are signed with. */
      readonly key: Buffer | null
    }
  | { readonly kind: 'opentelemetry'; readonly url: URL; readonly headers: Headers }
  | {
      readonly kind: 'syslog'
      readonly transport: 'udp' | 'tcp' | 'tls'
      readonly host: string
      readonly port: number
      readonly format: Format
    }
  | { readonly kind: 'mail'; readonly server: URL; readonly from: string; readonly to: readonly string[] }
type Headers = Readonly<Record<string, string>>

/** 24 to 64 octets, as Standard Webhooks has them. */
const SECRET = /^whsec_([A-Za-z0-9+/]{32,86}={0,2})$/
const FileSchema = z.strictObject({
  url: z.string(),
  headers: z.record(z.string(), z.string()).default({}),
  secret: z.string().regex(SECRET).optional(),
})
const SYSLOG_PORTS = { udp: 514, tcp: 601, tls: 6514 } as const
const SHAPES =
  'https://HOST/PATH, otlp+https://HOST:4318, syslog+tls://HOST, syslog+tcp://HOST, syslog+udp://HOST, smtp://HOST?from=A&to=B, or @FILE with {"url", "headers", "secret"}'

/** A URL, or `@FILE` with one and with what must not stand on a command line. Throws `usage`. */
export function parseTarget(text: string): Target {
  if (!text.startsWith('@')) return ofUrl(text, {}, null)
  const { url, headers, secret } = readTargetFile(text.slice(1))
  const [, key] = SECRET.exec(secret ?? '') ?? []
  const target = ofUrl(url, headers, key === undefined ? null : Buffer.from(key, 'base64'))
  if (key === undefined || target.kind === 'webhook') return target
  throw new SallyportError('usage', `${text.slice(1)} has a secret, and only a webhook is signed`)
}

/** Without what may be secret. */
export function describeTarget(target: Target): string {
  if (target.kind === 'syslog') return `syslog+${target.transport}://${target.host}:${target.port}`
  const { protocol, host, pathname } = target.kind === 'mail' ? target.server : target.url
  return target.kind === 'mail' ? `mail to ${target.to.join(', ')}` : `${protocol}//${host}${pathname}`
}

function readTargetFile(path: string): z.infer<typeof FileSchema> {
  try {
    return FileSchema.parse(JSON.parse(readFileSync(path, 'utf8')))
  } catch (cause) {
    throw new SallyportError('usage', `${path} names no target`, {
      remedy: `Write {"url": …, "headers": {…}, "secret": "whsec_…"}; only the URL must be there.`,
      cause,
    })
  }
}

function ofUrl(text: string, headers: Headers, key: Buffer | null): Target {
  const url = URL.parse(text)
  if (url === null || url.hostname === '') throw wrong(text)
  const format = FORMATS.find((each) => each === (url.searchParams.get('format') ?? 'json'))
  if (format === undefined) throw new SallyportError('usage', `a format is one of ${FORMATS.join(', ')}`)
  const parameters = new URL(url).searchParams
  url.searchParams.delete('format')
  switch (url.protocol) {
    case 'http:':
    case 'https:':
      return { kind: 'webhook', url, format, headers, key }
    case 'otlp+http:':
    case 'otlp+https:': {
      const plain = new URL(text.slice('otlp+'.length))
      if (plain.pathname === '/') plain.pathname = '/v1/logs'
      return { kind: 'opentelemetry', url: plain, headers }
    }
    case 'syslog+udp:':
    case 'syslog+tcp:':
    case 'syslog+tls:': {
      const transport = url.protocol.slice('syslog+'.length, -1) as keyof typeof SYSLOG_PORTS
      const port = url.port === '' ? SYSLOG_PORTS[transport] : Number(url.port)
      return { kind: 'syslog', transport, host: url.hostname.replace(/^\[|\]$/g, ''), port, format }
    }
    case 'smtp:':
    case 'smtps:': {
      const [from, to] = [parameters.get('from'), parameters.get('to')?.split(',') ?? []]
      if (from === null || to.length === 0) throw wrong(text)
      url.search = ''
      return { kind: 'mail', server: url, from, to }
    }
    default:
      throw wrong(text)
  }
}

function wrong(text: string): SallyportError {
  return new SallyportError('usage', `"${withoutSecrets(text)}" is no target`, { remedy: `Targets: ${SHAPES}.` })
}

function withoutSecrets(text: string): string {
  return text.replace(/\/\/[^/@]*@/, '//…@')
}
