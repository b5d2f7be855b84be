import { formatAddress, isAuthority, isIpv4, parseAuthority, type Host } from '@sallyport/net'
import { fieldValues, type RequestHead } from '@sallyport/wire'
import { refusal, type Refusal } from '../answers.ts'

/** Where a request goes, and what it asks for there. */
export type RequestTarget = {
  readonly host: Host
  readonly port: number
  /** As sent to the server: path and query. */
  readonly path: string
}

export type Destination = { readonly host: Host; readonly port: number }

export function isRefusal(value: object): value is Refusal {
  return 'reason' in value
}

/** `host:port` of CONNECT; the port must be there (RFC 9110 §9.3.6). */
export function parseConnectTarget(head: RequestHead): Destination | Refusal {
  const { target } = head
  const authority = parseAuthority(target)
  if (!isAuthority(authority)) return badHost(target, authority.problem)
  const { host, port } = authority
  if (port === null) return badHost(target, 'no port')
  // What is spelled the same is the same.
  if (fieldValues(head.fields, 'host')[0] === target) return { host, port }
  return checkHost(head, { host, port }, port) ?? { host, port }
}

/** The absolute form (RFC 9112 §3.2.2): the only one that a proxy is asked in. */
export function parseAbsoluteTarget(head: RequestHead): RequestTarget | Refusal {
  const match = /^([A-Za-z][A-Za-z0-9+.-]*):\/\/([^/?#]*)([^#]*)$/.exec(head.target)
  if (match === null) {
    return refusal(
      'not-for-a-proxy',
      head.target.includes('#') ? 'the target has a fragment' : 'the target is no absolute URL',
    )
  }
  const [, scheme, authorityText, path] = match
  if (scheme!.toLowerCase() !== 'http') return refusal('unsupported-scheme', `${scheme}: is not fetched`)
  const authority = parseAuthority(authorityText!)
  if (!isAuthority(authority)) return badHost(authorityText!, authority.problem)
  const target = { host: authority.host, port: authority.port ?? 80, path: path!.startsWith('/') ? path! : `/${path!}` }
  return checkHost(head, target, 80) ?? target
}

export type TunnelledTarget = {
  /** As sent to the server. */
  readonly target: string
  readonly path: string
  /** What the request says, which is for the caller to judge; `null` when it says nothing. */
  readonly host: Host | null
}

/** Inside a tunnel, whose destination is known already: the origin form, or the absolute form where the server is a proxy. */
export function parseTunnelledTarget(head: RequestHead): TunnelledTarget | Refusal {
  if (/^http:/i.test(head.target)) {
    const absolute = parseAbsoluteTarget(head)
    return isRefusal(absolute) ? absolute : { target: head.target, path: absolute.path, host: absolute.host }
  }
  if (!head.target.startsWith('/') && !(head.target === '*' && head.method === 'OPTIONS')) {
    return refusal('bad-request', 'a request inside a tunnel names a path')
  }
  if (head.target.includes('#')) return refusal('bad-request', 'the target has a fragment')
  const [text] = fieldValues(head.fields, 'host')
  if (text === undefined || text === '') return { target: head.target, path: head.target, host: null }
  const authority = parseAuthority(text)
  return isAuthority(authority)
    ? { target: head.target, path: head.target, host: authority.host }
    : badHost(text, authority.problem)
}

/** A Host that differs from the target is refused: the server behind may go by either (RFC 9112 §3.2.2 would replace it). */
function checkHost(head: RequestHead, target: Destination, impliedPort: number): Refusal | null {
  const [text] = fieldValues(head.fields, 'host')
  if (text === undefined) return null
  const authority = parseAuthority(text)
  if (!isAuthority(authority)) return badHost(text, authority.problem)
  const isSame = sameHost(authority.host, target.host) && (authority.port ?? impliedPort) === target.port
  return isSame ? null : refusal('host-mismatch')
}

/** `host:port`; without the port when it is the implied one. An IPv6 address is in brackets. */
export function authorityText({ host, port }: Destination, impliedPort: number | null): string {
  const address = host.kind === 'address' ? formatAddress(host.address) : null
  const text = host.kind === 'name' ? host.name : isIpv4(host.address) ? address! : `[${address}]`
  return port === impliedPort ? text : `${text}:${port}`
}

export function sameHost(a: Host, b: Host): boolean {
  if (a.kind === 'name') return b.kind === 'name' && a.name === b.name
  return b.kind === 'address' && a.address.words.every((word, index) => word === b.address.words[index as 0])
}

function badHost(text: string, problem: string): Refusal {
  const shown = text.length > 100 ? `${text.slice(0, 100)}…` : text
  return refusal('bad-host', `${JSON.stringify(shown)}: ${problem}`)
}
