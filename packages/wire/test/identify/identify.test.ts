import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { startIdentification, type Direction, type Found, type Identification } from '@sallyport/wire'
import { clientHelloOf, helloWith, serverName } from './hello-bytes.ts'
import { nodeCrypto as ciphers } from './node-crypto.ts'

type Piece = readonly [Direction, Uint8Array]
const ascii = (text: string): Uint8Array => Uint8Array.from(text, (char) => char.charCodeAt(0))

function identify(pieces: readonly Piece[]): Identification {
  const identifier = startIdentification({ transport: 'tcp', ciphers })
  for (const [direction, bytes] of pieces) identifier.push(direction, bytes)
  return identifier.finish()
}

function client(bytes: Uint8Array): Found {
  const answer = identify([['client', bytes]])
  assert.equal(answer.state, 'identified')
  return answer as Found
}

test('the hello of a real client tells name, ALPN and JA4', async () => {
  const answer = client(await clientHelloOf('www.example.com', ['h2', 'http/1.1']))
  assert.equal(answer.protocol, 'tls')
  assert.equal(answer.name, 'www.example.com')
  assert.deepEqual(answer.alpn, ['h2', 'http/1.1'])
  assert.match(answer.ja4!, /^t13d\d{4}h2_[0-9a-f]{12}_[0-9a-f]{12}$/)
})

test('a hello is the same in records of any size', () => {
  for (const size of [1, 2, 3, 5, 40, 100]) {
    const answer = client(helloWith([serverName('a.example')], size))
    assert.equal(answer.name, 'a.example', `records of ${size}`)
    assert.equal(answer.protocol, 'tls')
  }
})

test('a name that is doubled or malformed is no name', () => {
  const problems = (...extensions: number[][]): readonly [string | null, string | null] => {
    const { name, problem } = client(helloWith(extensions))
    return [name, problem]
  }
  assert.deepEqual(problems(serverName('a.example'), serverName('b.example')), [null, 'doubled-server-name'])
  assert.deepEqual(problems(serverName('a.example', 'b.example')), [null, 'doubled-server-name'])
  assert.deepEqual(problems(serverName('a.example\0.b.example')), [null, 'malformed-server-name'])
  assert.deepEqual(problems(serverName('[::1]')), [null, 'malformed-server-name'])
  assert.deepEqual(problems(serverName('')), [null, 'malformed-server-name'])
  assert.deepEqual(problems(), [null, null])
})

test('an encrypted hello says that its name is the outer one', () => {
  assert.equal(client(helloWith([serverName('outer.example'), [0xfe, 0x0d, 0, 1, 0]])).ech, 'outer')
})

test('HTTP states its host in one way only', () => {
  const host = (text: string): readonly [string | null, string | null] => {
    const { protocol, name, problem } = client(ascii(text))
    assert.equal(protocol, 'http')
    return [name, problem]
  }
  assert.deepEqual(host('GET / HTTP/1.1\r\nHost: A.Example:8080\r\n\r\n'), ['a.example', null])
  assert.deepEqual(host('GET / HTTP/1.1\r\nHost: [2001:db8::1]:80\r\n\r\n'), ['2001:db8::1', null])
  assert.deepEqual(host('CONNECT b.example:443 HTTP/1.1\r\nHost: a.example\r\n\r\n'), ['b.example', null])
  assert.deepEqual(host('GET http://b.example/x HTTP/1.1\r\nHost: a.example\r\n\r\n'), ['b.example', null])
  assert.deepEqual(host('GET / HTTP/1.1\r\nHost: a.example\r\nhost: b.example\r\n\r\n'), [null, 'doubled-server-name'])
  assert.deepEqual(host('GET / HTTP/1.1\r\nHost : a.example\r\n\r\n')[0], null)
  assert.deepEqual(host('GET / HTTP/1.1\r\nHost: a.example\r\nX y: 1\r\n\r\n'), [null, 'malformed-server-name'])
  assert.deepEqual(host('GET / HTTP/1.1\r\nHost: [[::1]]\r\n\r\n'), [null, 'malformed-server-name'])
})

test('what server and client say first tells the protocol, whatever the port', () => {
  const cases: readonly (readonly [string, readonly (readonly [Direction, string])[]])[] = [
    ['ssh', [['server', 'SSH-2.0-OpenSSH_9.2\r\n']]],
    ['ssh', [['client', 'SSH-2.0-OpenSSH_9.2\r\n']]],
    ['smtp', [['server', '220 mx.example ESMTP\r\n']]],
    [
      'smtp',
      [
        ['server', '220 mx.example ready\r\n'],
        ['client', 'EHLO a.example\r\n'],
      ],
    ],
    [
      'ftp',
      [
        ['server', '220 ready\r\n'],
        ['client', 'USER anonymous\r\n'],
      ],
    ],
    ['ftp', [['server', '220 (vsFTPd 3.0.3)\r\n']]],
    ['pop3', [['server', '+OK ready <1.2@a>\r\n']]],
    ['imap', [['server', '* OK IMAP4rev1 ready\r\n']]],
    ['vnc', [['server', 'RFB 003.008\n']]],
    ['redis', [['client', '*1\r\n$4\r\nPING\r\n']]],
    ['xmpp', [['client', "<?xml version='1.0'?><stream:stream to='a.example' version='1.0'>"]]],
    ['amqp', [['client', 'AMQP\0\0\x09\x01']]],
    ['sip', [['client', 'OPTIONS sip:a.example SIP/2.0\r\n\r\n']]],
    ['rtsp', [['client', 'OPTIONS rtsp://a.example/x RTSP/1.0\r\n\r\n']]],
    ['mqtt', [['client', '\x10\x10\0\x04MQTT\x04\x02\0\x3c\0\x04abcd']]],
    ['socks', [['client', '\x05\x01\0']]],
    ['socks', [['client', '\x04\x01\0\x50\0\0\0\x01u\0a.example\0']]],
    ['bittorrent', [['client', '\x13BitTorrent protocol']]],
    ['postgres', [['client', '\0\0\0\x08\x04\xd2\x16\x2f']]],
    ['mysql', [['server', 'J\0\0\0\x0a8.0.35\0\x01\0\0\0']]],
    ['smb', [['client', '\0\0\0\x80\xfeSMB@\0']]],
    ['telnet', [['server', '\xff\xfd\x18\xff\xfd\x20']]],
    ['ldap', [['client', '0\x0c\x02\x01\x01`\x07\x02\x01\x03\x04\0\x80\0\0\0']]],
    ['syslog', [['client', '<34>1 2003-10-11T22:14:15.003Z host su - ID47 - x']]],
  ]
  for (const [protocol, pieces] of cases) {
    const answer = identify(pieces.map(([direction, text]) => [direction, ascii(text)]))
    assert.equal(answer.state === 'identified' ? answer.protocol : answer.state, protocol, JSON.stringify(pieces))
  }
})

test('bytes of no known protocol are unknown, and unknown at once', () => {
  const identifier = startIdentification({ transport: 'tcp' })
  assert.deepEqual(identifier.push('client', ascii('\x99hello')), { state: 'unknown', why: 'no-protocol-matches' })
})

test('a handshake that is late is answered with what is likely', () => {
  const identifier = startIdentification({ transport: 'tcp', limits: { maxMilliseconds: 100 } })
  const hello = helloWith([serverName('a.example')])
  assert.equal(identifier.push('client', hello.subarray(0, 20), 0).state, 'need-more')
  const late = identifier.push('client', hello.subarray(20, 21), 101)
  assert.equal(late.state === 'identified' ? late.problem : null, 'incomplete-handshake')
})

test('any cut into pieces gives the same answer', async () => {
  const real = await clientHelloOf('www.example.com', ['h2'])
  const samples: readonly (readonly [Direction, Uint8Array])[] = [
    ['client', real],
    ['client', helloWith([serverName('a.example')], 3)],
    ['client', ascii('GET /x HTTP/1.1\r\nHost: a.example\r\nA: b\r\n\r\nbody')],
    ['server', ascii('220-hello\r\n220 mx ESMTP\r\n')],
    ['client', ascii('OPTIONS sip:a.example SIP/2.0\r\n\r\n')],
    ['client', ascii('*1\r\n$4\r\nPING\r\n')],
    ['client', ascii('\x05\x01\0junk')],
    ['client', ascii('\xc0\0\x40\x02\0\x01\x32\x0c\0\x04a/b/\0\x01{}{}')],
    ['server', ascii('\x01\0\x01\0\0\0\x05\0\x14\0\x0a\0\xce')],
    ['server', ascii('R\0\0\0\x0c\0\0\0\x05abcd')],
    ['client', ascii("<iq id='1' type='get'><ping/></iq>")],
  ]
  fc.assert(
    fc.property(
      fc.nat(samples.length - 1),
      fc.array(fc.nat(600), { maxLength: 12 }),
      fc.option(fc.tuple(fc.nat(400), fc.nat(255))),
      (index, cuts, change) => {
        const [direction, bytes] = samples[index]!
        const changed = new Uint8Array(bytes)
        if (change !== null && change[0] < changed.length) changed[change[0]] = change[1]
        assert.deepEqual(identify(piecesOf(direction, changed, cuts)), identify([[direction, changed]]))
      },
    ),
    { numRuns: 2000 },
  )
})

function piecesOf(direction: Direction, bytes: Uint8Array, cuts: readonly number[]): Piece[] {
  const ends = [...cuts.map((cut) => cut % (bytes.length + 1)), 0, bytes.length].sort((a, b) => a - b)
  return ends.slice(1).map((end, index) => [direction, bytes.subarray(ends[index], end)])
}
