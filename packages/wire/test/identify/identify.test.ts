import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { startIdentification, type Direction, type Found, type Identification } from '@sallyport/wire'
import { STREAM_WORDS } from './first-words.fixture.ts'
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

test('what a side says first, or later where that was missed, tells the protocol, whatever the port', () => {
  for (const [protocol, direction, words] of STREAM_WORDS) {
    const answer = identify([[direction, ascii(words)]])
    assert.equal(answer.state === 'identified' ? answer.protocol : answer.state, protocol, JSON.stringify(words))
  }
})

test('what one side says decides between two that begin alike', () => {
  const protocolOf = (server: string, client: string): string => {
    const answer = identify([
      ['server', ascii(server)],
      ['client', ascii(client)],
    ])
    return answer.state === 'identified' ? answer.protocol : answer.state
  }
  assert.equal(protocolOf('220 mx.example ready\r\n', 'EHLO a.example\r\n'), 'smtp')
  assert.equal(protocolOf('220 ready\r\n', 'USER anonymous\r\n'), 'ftp')
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
    ['client', ascii('\x05\x01\0junk')],
    ...STREAM_WORDS.map(([, direction, words]) => [direction, ascii(words)] as const),
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
