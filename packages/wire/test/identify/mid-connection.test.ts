import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startIdentification, type Direction } from '@sallyport/wire'

type Piece = readonly [Direction, string]
const octets = (text: string): Uint8Array => Uint8Array.from(text, (char) => char.charCodeAt(0))

function protocolOf(transport: 'tcp' | 'udp', pieces: readonly Piece[]): string {
  const identifier = startIdentification({ transport })
  let answer = identifier.finish()
  for (const [direction, text] of pieces) {
    const next = identifier.push(direction, octets(text))
    if (next.state === 'identified') return next.protocol
  }
  answer = identifier.finish()
  return answer.state === 'identified' ? answer.protocol : 'unknown'
}

const zeros = (count: number): string => '\0'.repeat(count)

test('a ping of MQTT is told by its answer', () => {
  const pings: readonly Piece[] = [
    ['client', '\xc0\0'],
    ['server', '\xd0\0'],
  ]
  assert.equal(protocolOf('tcp', pings), 'mqtt')
})

test('what only resembles it is not taken for it', () => {
  const cases: readonly (readonly Piece[])[] = [
    [['client', '\xc0\0']],
    [
      ['client', '\xc0\0'],
      ['server', 'no'],
    ],
    [['client', '\x01\0\x01\0\0\0\x05\0\x14\0\x0a\0\xcd']],
    [['client', '<message>']],
    [['client', 'ES\0\0\0\x01'.padEnd(24, '\xff')]],
    // Of Redis as well as of POP3; what FTP answers to a password; SOCKS for a network; numbers that only look like a reply's.
    [['server', '+OK\r\n']],
    [['client', '230 Login successful.\r\n']],
    [['client', '\x04\x02\xed\x03\x03\x80\0\0\0\0\x0a\0']],
    [['client', `\x40\0\0\0\x01\0\0\0\x01\0\0\0\x01\0\0\0\xff\xff${'\xff'.repeat(46)}`]],
    [['client', '\x81\x09\x01binary\x02\x03']],
    [['client', `\x50\0\0\x01\x85\xa6\xff\x01\0\0\0\x01\x21${zeros(10)}root\0${zeros(30)}`]],
  ]
  for (const pieces of cases) assert.equal(protocolOf('tcp', pieces), 'unknown', JSON.stringify(pieces))
})

test('datagrams of BitTorrent, RDP, Kerberos and NTP that are not their usual ones', () => {
  const utp = (type: string, connection: string, sequence: string, acknowledged: string): string =>
    `${type}\0${connection}\x12\x34\x56\x78\0\0\0\x01\0\x10\0\0${sequence}${acknowledged}`
  const oneWay = (...sequences: readonly string[]): readonly Piece[] =>
    sequences.map((sequence, at) => [
      'client',
      `\x01\0\x10\x02\x12\x34\x56${String.fromCharCode(at + 1)}${zeros(4)}\0\x10\0\0\0${sequence}\0\x04x`,
    ])
  const apRequest = '\x6e\x20\x30\x1e\xa0\x03\x02\x01\x05\xa1\x03\x02\x01\x0e'.padEnd(34, '\xa2')
  const cases: readonly (readonly [string, readonly Piece[]])[] = [
    ['bittorrent', [['client', `\0\0\x04\x17\x27\x10\x19\x80${zeros(4)}abcd`]]],
    ['bittorrent', [['client', 'BT-SEARCH * HTTP/1.1\r\nHost: 239.192.152.143:6771\r\n\r\n']]],
    [
      'bittorrent',
      [
        ['client', utp('\x01', '\x10\x02', '\0\x09', '\0\x04')],
        ['server', utp('\x21', '\x10\x01', '\0\x05', '\0\x09')],
      ],
    ],
    [
      'unknown',
      [
        ['client', utp('\x01', '\x10\x02', '\0\x09', '\0\x04')],
        ['server', utp('\x21', '\x33\x01', '\0\x05', '\0\x09')],
      ],
    ],
    [
      'unknown',
      [
        ['client', utp('\x01', '\x10\x02', '\0\x09', '\0\x04')],
        ['server', utp('\x21', '\x10\x01', '\0\x05', '\x70\x09')],
      ],
    ],
    ['bittorrent', oneWay('\x09', '\x0a', '\x0b')],
    ['unknown', oneWay('\x09', '\x0a', '\x70')],
    ['rdp', [['client', `\xff\xff\xff\xff\0\x40\0\x01\x12\x34\x56\x78\x04\xd0\x04\xd0${zeros(1216)}`]]],
    ['kerberos', [['client', `\0\x28\0\x01\0\x22${apRequest}`]]],
    ['ntp', [['server', `\xd7\0\x03\x2a\0\x02\0\x48${'x'.repeat(144)}`]]],
  ]
  for (const [protocol, pieces] of cases) assert.equal(protocolOf('udp', pieces), protocol, JSON.stringify(pieces))
})

test('a request for metadata is no startup of PostgreSQL, whose version is the same number', () => {
  const metadata = '\0\0\0\x19\0\x03\0\0\0\0\0\x01\0\x0bkafka-probe\0\0\0\0'
  assert.equal(protocolOf('tcp', [['client', metadata]]), 'kafka')
  assert.equal(protocolOf('tcp', [['client', '\0\0\0\x0c\0\x03\0\0user\0a\0\0']]), 'postgres')
  assert.equal(protocolOf('tcp', [['client', '\0\0\0\x09\0\x03\0\0\0']]), 'postgres')
})

test('text in a WebSocket, masked or not, and SNMP over a stream', () => {
  assert.equal(protocolOf('tcp', [['client', '\x81\x0chello, world']]), 'http')
  const masked = [...'hello, world'].map((char, at) =>
    String.fromCharCode(char.charCodeAt(0) ^ '\x05\x81\x33\x99'.charCodeAt(at % 4)),
  )
  assert.equal(protocolOf('tcp', [['client', `\x81\x8c\x05\x81\x33\x99${masked.join('')}`]]), 'http')
  const get =
    '\x30\x1f\x02\x01\x01\x04\x06public\xa0\x12\x02\x01\x07\x02\x01\0\x02\x01\0\x30\x07\x30\x05\x06\x01\x2b\x05\0'
  assert.equal(protocolOf('tcp', [['client', get]]), 'snmp')
})
