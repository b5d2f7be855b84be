import type { AccessRecord } from './access-record.ts'
import { ocsfLine } from './ocsf-line.ts'

export const ACCESS_LOG_FORMATS = ['json', 'squid', 'combined', 'ocsf'] as const
export type AccessLogFormat = (typeof ACCESS_LOG_FORMATS)[number]

/** One line, without its end. Whatever a client wrote is escaped, so that it can make no second line. */
export function accessLogLine(record: AccessRecord, format: AccessLogFormat): string {
  switch (format) {
    case 'json':
      return jsonLine(record)
    case 'squid':
      return squidLine(record)
    case 'combined':
      return combinedLine(record)
    case 'ocsf':
      return ocsfLine(record)
  }
}

function jsonLine(record: AccessRecord): string {
  const { durationMs, resolveMs, connectMs, firstByteMs } = record
  return JSON.stringify({
    event: 'request',
    ...record,
    time: record.time.toISOString(),
    durationMs: rounded(durationMs),
    resolveMs: rounded(resolveMs),
    connectMs: rounded(connectMs),
    firstByteMs: rounded(firstByteMs),
  })
}

const rounded = (value: number | null): number | null => (value === null ? null : Math.round(value * 1000) / 1000)

/** Squid's `logformat squid`: what calamaris, squidGuard's reports and most analysers read. */
function squidLine(record: AccessRecord): string {
  const seconds = (record.time.getTime() + Math.round(record.durationMs)) / 1000
  const elapsed = String(Math.round(record.durationMs)).padStart(6)
  const result = record.outcome === 'denied' ? 'TCP_DENIED' : record.via === 'http' ? 'TCP_MISS' : 'TCP_TUNNEL'
  const peer =
    record.dst === null
      ? 'HIER_NONE/-'
      : record.parent === null
        ? `HIER_DIRECT/${record.dst}`
        : `FIRSTUP_PARENT/${record.parent}`
  const fields = [
    seconds.toFixed(3),
    elapsed,
    word(record.client.address),
    `${record.outcome === 'failed' && record.status === null ? 'NONE_NONE' : result}/${String(record.status ?? 0).padStart(3, '0')}`,
    String(record.bytesIn),
    word(record.method),
    word(urlOf(record)),
    word(record.user),
    peer,
    '-',
  ]
  return fields.join(' ')
}

/** The combined format of Apache and nginx. */
function combinedLine(record: AccessRecord): string {
  const { method, host, httpVersion } = record
  // What was no request is a dash, as in Apache's.
  const request =
    method === null && host === null ? '-' : `${method ?? '-'} ${urlOf(record)} HTTP/${httpVersion ?? '1.1'}`
  const parts = [
    word(record.client.address),
    '-',
    word(record.user),
    `[${clockTime(record.time)}]`,
    quoted(request),
    String(record.status ?? '-'),
    String(record.bytesIn),
    quoted(record.referer ?? '-'),
    quoted(record.userAgent ?? '-'),
  ]
  return parts.join(' ')
}

function urlOf({ via, host, port, path, inspected }: AccessRecord): string {
  if (host === null) return '-'
  const name = host.includes(':') ? `[${host}]` : host
  return path === null || via === 'connect' || via === 'socks5'
    ? `${name}:${port}`
    : `http${inspected ? 's' : ''}://${name}${port === (inspected ? 443 : 80) ? '' : `:${port}`}${path}`
}

const MONTHS = 'Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec'.split(' ')

function clockTime(time: Date): string {
  const [day, clock] = time.toISOString().split('T') as [string, string]
  const [year, month, date] = day.split('-') as [string, string, string]
  return `${date}/${MONTHS[Number(month) - 1]}/${year}:${clock.slice(0, 8)} +0000`
}

/** A text without space, quote or control character; what is none is a dash. */
function word(text: string | null): string {
  if (text === null || text === '') return '-'
  return text.replace(/[^\x21-\x7e]|["\\]/g, (character) => encodeURIComponent(character.toWellFormed()))
}

function quoted(text: string): string {
  const safe = text.replace(/[^\x20-\x7e]|["\\]/g, (character) => {
    if (character === '"' || character === '\\') return `\\${character}`
    return `\\x${character.charCodeAt(0).toString(16).padStart(2, '0')}`
  })
  return `"${safe}"`
}
