import { NOT_IN_TRAILERS } from '../http1/chunked-reader.ts'
import { isFieldName, isFieldValue, MOST_FIELDS, type Field } from '../http1/fields.ts'
import type { RequestHead, ResponseHead } from '../http1/message-heads.ts'
import type { MessageFailure, MessageProblem } from '../http1/problems.ts'

/** A decoded field section: name, value, name, value, in the order sent, one character an octet. */
export type FieldSection = readonly string[]

export type Http2RequestHead = RequestHead & {
  /** As the request names it, which need not be what carries it. */
  readonly scheme: string
  /** Authority of the request, also where `host` says it; empty when neither does. */
  readonly authority: string
  readonly path: string
}

/** RFC 9113 §8.2.2: fields of one connection have no meaning here, and one more reader who believes in them is an attack. */
const OF_A_CONNECTION: ReadonlySet<string> = new Set([
  'connection',
  'proxy-connection',
  'keep-alive',
  'transfer-encoding',
  'upgrade',
  'http2-settings',
])

const METHOD = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]{1,32}$/
const VISIBLE = /^[\x21-\x7e]+$/

/**
 * The head of a request (RFC 9113 §8.3.1), as strict as that of HTTP/1.1, since it may be written as one: the target is in absolute
 * form, `host:port` for CONNECT, and Host is among the fields.
 */
export function requestHeadOf(section: FieldSection): Http2RequestHead | MessageFailure {
  const read = readSection(section, [':method', ':scheme', ':authority', ':path'])
  if ('problem' in read) return read
  const { pseudo, fields } = read
  const method = pseudo.get(':method') ?? ''
  if (!METHOD.test(method)) return failure('bad-pseudo-field')
  const [host, ...others] = fields.filter(({ name }) => name === 'host').map(({ value }) => value)
  const stated = pseudo.get(':authority')
  if (others.length > 0 || (host !== undefined && stated !== undefined && host !== stated))
    return failure('doubled-host')
  const authority = stated ?? host ?? ''
  const [scheme, path] = [pseudo.get(':scheme'), pseudo.get(':path')]
  const rest = joinedCookies(fields.filter(({ name }) => name !== 'host'))
  const all: readonly Field[] = authority === '' ? rest : [named('host', authority), ...rest]
  if (method === 'CONNECT') {
    if (scheme !== undefined || path !== undefined || !VISIBLE.test(authority)) return failure('bad-pseudo-field')
    return { method, target: authority, minor: 1, fields: all, scheme: '', authority, path: '' }
  }
  const isPath =
    path !== undefined && VISIBLE.test(path) && (path.startsWith('/') || (path === '*' && method === 'OPTIONS'))
  if (!isPath || (scheme !== 'http' && scheme !== 'https')) return failure('bad-pseudo-field')
  if (authority !== '' && !VISIBLE.test(authority)) return failure('bad-pseudo-field')
  if (authority === '') return failure('missing-host')
  const target = `${scheme}://${authority}${path === '*' ? '' : path}`
  return { method, target, minor: 1, fields: all, scheme, authority, path }
}

export function responseHeadOf(section: FieldSection): ResponseHead | MessageFailure {
  const read = readSection(section, [':status'])
  if ('problem' in read) return read
  const status = read.pseudo.get(':status') ?? ''
  // RFC 9113 §8.6: there is no 101.
  if (!/^[1-5]\d\d$/.test(status) || status === '101') return failure('bad-status-line')
  return { status: Number(status), reason: '', minor: 1, fields: read.fields }
}

/** Fields behind a body; what frames or routes has no business there. */
export function trailersOf(section: FieldSection): readonly Field[] | MessageFailure {
  const read = readSection(section, [])
  const isBad = 'problem' in read || read.fields.some(({ name }) => NOT_IN_TRAILERS.test(name))
  return isBad ? failure('bad-trailer') : read.fields
}

function readSection(
  section: FieldSection,
  known: readonly string[],
): { readonly pseudo: ReadonlyMap<string, string>; readonly fields: readonly Field[] } | MessageFailure {
  if (section.length > 2 * MOST_FIELDS) return failure('too-many-fields')
  const pseudo = new Map<string, string>()
  const fields: Field[] = []
  for (let at = 0; at + 1 < section.length; at += 2) {
    const [name, value] = [section[at]!, section[at + 1]!]
    if (!isFieldValue(value)) return failure('bad-field')
    if (name.startsWith(':')) {
      if (!known.includes(name) || pseudo.has(name) || fields.length > 0) return failure('bad-pseudo-field')
      pseudo.set(name, value)
      continue
    }
    // Capitals are malformed (RFC 9113 §8.2), space at the ends is trimmed by some readers and not by others.
    if (!isFieldName(name) || name !== name.toLowerCase() || value.trim() !== value) return failure('bad-field')
    if (OF_A_CONNECTION.has(name)) return failure('connection-field')
    if (name === 'te' && value !== 'trailers') return failure('connection-field')
    fields.push(named(name, value))
  }
  return { pseudo, fields }
}

const named = (name: string, value: string): Field => ({ name, spelled: name, value })

/** RFC 9113 §8.2.3: cookies may come in several fields, and are one to everybody else. Behind an empty one no space is left at an end. */
function joinedCookies(fields: readonly Field[]): readonly Field[] {
  const crumbs = fields.filter(({ name }) => name === 'cookie')
  if (crumbs.length < 2) return fields
  const values = crumbs.map(({ value }) => value).filter((value) => value !== '')
  return [...fields.filter(({ name }) => name !== 'cookie'), named('cookie', values.join('; '))]
}

function failure(problem: MessageProblem): MessageFailure {
  return { problem, offset: 0 }
}
