import type { NameProblem } from '../identify/identification.ts'
import { hostName } from '../tls/server-name.ts'
import type { MessageHead } from './message-head.ts'

type StatedHost = { readonly name: string | null; readonly problem: NameProblem | null }

/** Host of `host[:port]`, brackets of an IPv6 address removed (RFC 3986 §3.2.2); null when it is no such thing. */
export function hostOfAuthority(authority: string): string | null {
  const match = /^(?:\[([0-9a-fA-F:.]+)\]|([^[\]:@/]+))(?::\d{0,5})?$/.exec(authority)
  if (match === null) return null
  return hostName(match[1] ?? match[2]!)
}

/** Authority of an absolute target or of CONNECT, which wins over Host (RFC 9112 §3.2.2); null in origin form. */
function authorityOfTarget(method: string, target: string): string | null {
  if (method === 'CONNECT') return target
  return /^[a-z][a-z0-9+.-]*:\/\/([^/?#]*)/i.exec(target)?.[1] ?? null
}

/** The one host that a request is for. Two Host fields, or a Host beside another authority, are refused. */
export function hostOfRequest(method: string, target: string, head: MessageHead): StatedHost {
  const hosts = head.fields.filter(({ name }) => name === 'host').map(({ value }) => value)
  if (hosts.length > 1) return { name: null, problem: 'doubled-server-name' }
  const authority = authorityOfTarget(method, target) ?? hosts[0]
  if (authority === undefined || authority === '') return { name: null, problem: null }
  const name = hostOfAuthority(authority)
  if (name === null || head.malformed) return { name: null, problem: 'malformed-server-name' }
  return { name, problem: null }
}
