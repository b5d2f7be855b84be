import { formatAddress, parseAddress, parseDomainName, TRANSPORTS, type Transport } from '@sallyport/net'
import type { Flow } from '../flow.ts'
import type { Protocol } from '../protocol.ts'
import { quote } from './describe.ts'
import { nearest } from './nearest.ts'
import type { FlowProblem } from './problem.ts'

/** The facts of a flow that its target tells. */
export type TargetFacts = Pick<Flow, 'dst' | 'port' | 'transport' | 'domain' | 'boundNames' | 'protocol' | 'http'>

type Scheme = readonly [port: number, protocol: Protocol, transport?: Transport]

const SCHEMES: { readonly [scheme: string]: Scheme } = {
  https: [443, 'tls'], wss: [443, 'tls'], http: [80, 'http'], ws: [80, 'http'], quic: [443, 'quic', 'udp'], tls: [443, 'tls'],
  ssh: [22, 'ssh'], sftp: [22, 'ssh'], git: [9418, 'other'], ftp: [21, 'ftp'], ftps: [990, 'tls'], smb: [445, 'smb'], telnet: [23, 'telnet'],
  smtp: [25, 'smtp'], smtps: [465, 'tls'], imap: [143, 'imap'], imaps: [993, 'tls'], pop3: [110, 'pop3'], pop3s: [995, 'tls'],
  dns: [53, 'dns', 'udp'], dot: [853, 'dot'], ldap: [389, 'ldap'], ldaps: [636, 'tls'], rdp: [3389, 'rdp'], vnc: [5900, 'vnc'],
  mqtt: [1883, 'mqtt'], mqtts: [8883, 'tls'], socks: [1080, 'socks'], socks5: [1080, 'socks'], rtsp: [554, 'rtsp'],
  ntp: [123, 'ntp', 'udp'], snmp: [161, 'snmp', 'udp'], syslog: [514, 'syslog', 'udp'], sip: [5060, 'sip', 'udp'],
  postgres: [5432, 'postgres'], postgresql: [5432, 'postgres'], mysql: [3306, 'mysql'], redis: [6379, 'redis'], rediss: [6379, 'tls'],
  kafka: [9092, 'kafka'], amqp: [5672, 'amqp'], amqps: [5671, 'tls'], stun: [3478, 'stun', 'udp'],
} // prettier-ignore

/** Protocols whose first bytes carry the name of the server. */
const NAMED: ReadonlySet<Protocol> = new Set(['tls', 'http', 'http2', 'quic'])

/** A URL, `host:port` or `transport/host:port`, as the facts of a flow to it. */
export function parseTarget(text: string): TargetFacts | FlowProblem[] {
  const url = /^([A-Za-z][A-Za-z0-9+.-]*):\/\/([^/?#]*)([^?#]*)/.exec(text)
  if (url !== null) return parseUrl(text, url[1]!.toLowerCase(), url[2]!, url[3]!)
  const slash = text.indexOf('/')
  const transport = slash < 0 ? null : text.slice(0, slash)
  if (transport !== null && !(TRANSPORTS as readonly string[]).includes(transport)) {
    return invalid(text, `${quote(transport)} is not a transport`, TRANSPORTS, nearest(transport, TRANSPORTS))
  }
  const authority = splitAuthority(text.slice(slash + 1))
  const host = authority === null ? null : hostFacts(authority.host)
  if (authority === null || host === null) return invalid(text)
  if (transport === 'icmp') return { ...host, transport, port: null }
  if (authority.port === null) return invalid(text, `${quote(text)} has no port`)
  return { ...host, port: authority.port, transport: (transport ?? 'tcp') as Transport }
}

function parseUrl(text: string, scheme: string, rest: string, path: string): TargetFacts | FlowProblem[] {
  const entry = Object.hasOwn(SCHEMES, scheme) ? SCHEMES[scheme]! : null
  if (entry === null) {
    const schemes = Object.keys(SCHEMES)
    return invalid(text, `${quote(scheme)} is not a scheme known here`, schemes, nearest(scheme, schemes))
  }
  const authority = splitAuthority(rest)
  const host = authority === null ? null : hostFacts(authority.host)
  if (authority === null || host === null) return invalid(text)
  const [port, protocol, transport = 'tcp'] = entry
  const named = NAMED.has(protocol) ? host : { ...host, domain: null }
  const spoken = { port: authority.port ?? port, transport, protocol }
  if (protocol !== 'http') return { ...named, ...spoken }
  const http = { host: host.domain ?? formatAddress(host.dst!), path: path === '' ? '/' : path }
  return { ...named, ...spoken, http }
}

/** An address is no name; a name leaves the address open. */
function hostFacts(host: string): Pick<TargetFacts, 'dst' | 'domain' | 'boundNames'> | null {
  const address = parseAddress(host)
  if (address !== null) return { dst: address, domain: null, boundNames: null }
  const domain = parseDomainName(host)
  return domain === null ? null : { domain, boundNames: [domain] }
}

function splitAuthority(text: string): { readonly host: string; readonly port: number | null } | null {
  // User information is refused: it makes a host look like another.
  const match = /^(\[[0-9A-Fa-f:.]+\]|[^:@[\]\s]+)(?::(\d{1,5}))?$/.exec(text)
  if (match === null) return null
  const port = match[2] === undefined ? null : Number(match[2])
  return port !== null && port > 65535 ? null : { host: match[1]!, port }
}

const FORMS = [
  'https://example.com/path',
  'ssh://example.com',
  'example.com:443',
  '[2001:db8::1]:443',
  'udp/192.0.2.1:53',
]

function invalid(
  text: string,
  message: string = `${quote(text)} is not a target`,
  allowed: readonly string[] = FORMS,
  near: string | null = null,
): TargetFacts | FlowProblem[] {
  return [{ code: 'bad-target', message, path: [], found: quote(text), allowed, nearest: near }]
}
