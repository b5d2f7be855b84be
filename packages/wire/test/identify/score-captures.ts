import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { CaptureReader, FlowTable, type FlowRow } from '@sallyport/wire'
import { nodeCrypto } from './node-crypto.ts'

export type Label = {
  readonly pcap: string
  readonly transport: string
  readonly a: string
  readonly b: string
  readonly proto: string
  readonly confidence: string
  readonly name: string | null
}

/** nDPI's protocols that identification promises, as the words that Sallyport uses for them. */
export const EXPECTED: Readonly<Record<string, readonly string[]>> = {
  TLS: ['tls', 'dot'],
  IMAPS: ['tls', 'imap'],
  SMTPS: ['tls', 'smtp'],
  POPS: ['tls', 'pop3'],
  FTPS: ['tls', 'ftp'],
  DoH_DoT: ['tls', 'dot', 'doh', 'quic'],
  QUIC: ['quic'],
  DNS: ['dns'],
  MDNS: ['mdns', 'dns'],
  LLMNR: ['dns', 'mdns'],
  DNScrypt: ['dnscrypt'],
  HTTP: ['http', 'doh'],
  HTTP_Connect: ['http'],
  HTTP_Proxy: ['http'],
  HTTP2: ['http2'],
  WebSocket: ['http'],
  ElasticSearch: ['http'],
  Radius: ['radius'],
  STUN: ['stun'],
  IPSec: ['ipsec'],
  DTLS: ['dtls'],
  'MsSQL-TDS': ['mssql'],
  RTSP: ['rtsp'],
  NTP: ['ntp'],
  TFTP: ['tftp'],
  MQTT: ['mqtt'],
  POP3: ['pop3'],
  IMAP: ['imap'],
  SMTP: ['smtp'],
  FTP_CONTROL: ['ftp'],
  MongoDB: ['mongodb'],
  BitTorrent: ['bittorrent'],
  SIP: ['sip'],
  OpenVPN: ['openvpn'],
  WireGuard: ['wireguard'],
  SOCKS: ['socks'],
  RDP: ['rdp'],
  VNC: ['vnc'],
  PostgreSQL: ['postgres'],
  MySQL: ['mysql'],
  RESP: ['redis'],
  Redis: ['redis'],
  Kafka: ['kafka'],
  AMQP: ['amqp'],
  Kerberos: ['kerberos'],
  LDAP: ['ldap'],
  SSH: ['ssh'],
  Telnet: ['telnet'],
  SMBv1: ['smb'],
  SMBv23: ['smb'],
  SNMP: ['snmp'],
  Syslog: ['syslog'],
  Tor: ['tor', 'tls'],
  Jabber: ['xmpp'],
}

export type Score = {
  listed: number
  right: number
  unknown: number
  named: number
  nameRight: number
  falsePositives: number
  unlisted: number
  readonly misses: string[]
}

export function readFlows(path: string): readonly FlowRow[] {
  const reader = new CaptureReader()
  const table = new FlowTable(nodeCrypto)
  for (const packet of reader.push(readFileSync(path))) table.add(packet)
  return table.finish()
}

/** Compares what identification says with the labels whose confidence is DPI. */
export function scoreCaptures(folder: string): Score {
  const lines = readFileSync(join(folder, 'labels.jsonl'), 'utf8').trim().split('\n')
  const labels = lines.map((line) => JSON.parse(line) as Label)
  const score: Score = {
    listed: 0,
    right: 0,
    unknown: 0,
    named: 0,
    nameRight: 0,
    falsePositives: 0,
    unlisted: 0,
    misses: [],
  }
  for (const pcap of new Set(labels.map((label) => label.pcap))) {
    const flows = readFlows(join(folder, pcap))
    for (const label of labels) if (label.pcap === pcap && label.confidence === 'DPI') compare(label, flows, score)
  }
  return score
}

function compare(label: Label, flows: readonly FlowRow[], score: Score): void {
  const candidates = flows.filter(
    ({ transport, client, server }) =>
      transport === label.transport &&
      ((sameEnd(client, label.a) && sameEnd(server, label.b)) ||
        (sameEnd(client, label.b) && sameEnd(server, label.a))),
  )
  const flow = candidates.find(({ answer }) => answer.state === 'identified') ?? candidates[0]
  const protocol = flow?.answer.state === 'identified' ? flow.answer.protocol : null
  const expected = EXPECTED[label.proto.split('.')[0]!]
  const at = `${label.pcap} ${label.transport} ${label.a} ${label.b} ${label.proto}`
  if (expected === undefined) {
    score.unlisted++
    const isListed = protocol !== null && Object.values(EXPECTED).some((words) => words.includes(protocol))
    if (isListed) {
      score.falsePositives++
      score.misses.push(`other ${at}: ${protocol}`)
    }
    return
  }
  score.listed++
  if (protocol === null) score.unknown++
  if (protocol !== null && expected.includes(protocol)) score.right++
  else score.misses.push(`protocol ${at}: ${flow === undefined ? 'no flow' : (protocol ?? 'unknown')}`)
  if (label.name === null || !NAMED.has(label.proto.split('.')[0]!)) return
  score.named++
  const name = flow?.answer.state === 'identified' ? flow.answer.name : null
  if (name === hostOf(label.name)) score.nameRight++
  else score.misses.push(`name ${at}: ${name} is not ${label.name}`)
}

/** nDPI writes `::` also for a single group of zeros, even twice, and the port 0 where there is none. */
function sameEnd(ours: string, label: string): boolean {
  if (ours === label || `${ours}:0` === label) return true
  const [, host, port] = /^\[(.*)\]:(\d+)$/.exec(label) ?? []
  if (host === undefined) return false
  for (const text of [host, host.replace('::', ':0:'), host.replace(/::$/, ':0')]) {
    const address = parseHost(text)
    if (address !== null && ours === `[${address}]:${port}`) return true
  }
  return false
}

function parseHost(text: string): string | null {
  try {
    return new URL(`http://[${text}]/`).hostname.slice(1, -1)
  } catch {
    return null
  }
}

// A mail server's own name in its greeting, which nDPI gives for SMTPS and IMAPS, is no name that the client asked for.
const NAMED: ReadonlySet<string> = new Set(['TLS', 'QUIC', 'HTTP', 'HTTP2', 'HTTP_Connect', 'DTLS', 'DoH_DoT'])

const hostOf = (name: string): string => name.toLowerCase().replace(/:\d+$/, '')
