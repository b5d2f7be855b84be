export const PROTOCOLS = [
  'tls',
  'http',
  'http2',
  'quic',
  'ssh',
  'ftp',
  'smb',
  'smtp',
  'imap',
  'pop3',
  'dns',
  'dot',
  'doh',
  'rdp',
  'ldap',
  'mqtt',
  'socks',
  'openvpn',
  'wireguard',
  'bittorrent',
  'tor',
  'vnc',
  'telnet',
  'rtsp',
  'stun',
  'ntp',
  'snmp',
  'syslog',
  'postgres',
  'mysql',
  'redis',
  'kafka',
  'amqp',
  'sip',
  'other',
] as const
/** What the bytes of a connection speak, whatever its port. */
export type Protocol = (typeof PROTOCOLS)[number]

const PROTOCOL_WORDS: ReadonlySet<string> = new Set(PROTOCOLS)

/** What rules call a protocol that was recognised, for which there may be finer words. */
export function protocolOf(word: string): Protocol {
  return PROTOCOL_WORDS.has(word) ? (word as Protocol) : 'other'
}

/** Protocols whose first bytes say the server's name: SNI, or the host of a request. */
const NAMING: ReadonlySet<Protocol> = new Set(['tls', 'http', 'http2', 'quic', 'dot', 'doh'])

/** Whether a client that wants to be checked by name would have said it. */
export function carriesName(protocol: Protocol): boolean {
  return NAMING.has(protocol)
}
