import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { startIdentification, type Direction, type Found } from '@sallyport/wire'
import { helloWith, serverName } from './hello-bytes.ts'
import { nodeCrypto } from './node-crypto.ts'
import { cryptoFrame, sealedInitial, VERSION_1 } from './sealed-initial.fixture.ts'

type Piece = readonly [Direction, Uint8Array]
const octets = (text: string): Uint8Array => Uint8Array.from(text, (char) => char.charCodeAt(0))

function told(transport: 'tcp' | 'udp', pieces: readonly Piece[]): Found | null {
  const identifier = startIdentification({ transport, ciphers: nodeCrypto })
  for (const [direction, bytes] of pieces) identifier.push(direction, bytes)
  const answer = identifier.finish()
  return answer.state === 'identified' ? answer : null
}

const RECORD_HEAD = 5
const HANDSHAKE_HEAD = 4
const u24 = (value: number): number[] => [value >> 16, (value >> 8) & 255, value & 255]

/** A ClientHello of DTLS with a name, cut into fragments of so many octets, each in a record of its own. */
function fragments(name: string, size: number): Uint8Array[] {
  const tls = helloWith([serverName(name)]).subarray(RECORD_HEAD + HANDSHAKE_HEAD)
  // An empty cookie stands behind the session.
  const body = [0xfe, 0xfd, ...tls.subarray(2, 35), 0, ...tls.subarray(35)]
  const records: Uint8Array[] = []
  for (let at = 0; at < body.length; at += size) {
    const part = body.slice(at, at + size)
    const message = [1, ...u24(body.length), 0, 0, ...u24(at), ...u24(part.length), ...part]
    records.push(Uint8Array.from([22, 0xfe, 0xff, 0, 0, 0, 0, 0, 0, 0, at & 255, 0, message.length, ...message]))
  }
  return records
}

suite('a hello of DTLS that is cut into fragments', () => {
  const pieces = fragments('cut.test', 20)

  test('has its name, in whatever order they come and however many share a datagram', () => {
    const asClient = (all: readonly Uint8Array[]): Piece[] => all.map((bytes) => ['client', bytes])
    for (const order of [pieces, pieces.toReversed(), [Buffer.concat(pieces)], [pieces[0]!, ...pieces]])
      assert.equal(told('udp', asClient(order))?.name, 'cut.test')
  })

  test('has none as long as a piece is missing, and says so', () => {
    const { protocol, name, problem } = told(
      'udp',
      pieces.slice(1).map((bytes): Piece => ['client', bytes]),
    )!
    assert.deepEqual([protocol, name, problem], ['dtls', null, 'incomplete-handshake'])
  })

  test('is malformed where a piece lies outside of it', () => {
    const beyond = pieces[1]!.slice()
    beyond[21] = 0xff
    assert.equal(told('udp', [['client', beyond]])?.problem, 'malformed-handshake')
  })
})

suite('what the server says before the client has said all', () => {
  const hello = helloWith([serverName('late.test')])

  test('does not take the name from a hello of TLS', () => {
    const answer = octets(`\x16\x03\x03\0\x2a\x02\0\0\x26\x03\x03${'r'.repeat(32)}\0\x13\x01\0`)
    const pieces: Piece[] = [
      ['client', hello.subarray(0, 30)],
      ['server', answer],
      ['client', hello.subarray(30)],
    ]
    assert.equal(told('tcp', pieces)?.name, 'late.test')
    assert.equal(told('tcp', pieces.slice(1, 2))?.protocol, 'tls')
  })

  test('does not take the host from a request for HTTP/2 or for an upgrade to it', () => {
    const settings = octets('\0\0\x06\x04\0\0\0\0\0\0\x03\0\0\0\x64')
    const request = octets('GET / HTTP/1.1\r\nHost: up.test\r\nUpgrade: h2c\r\n\r\n')
    const answer = told('tcp', [
      ['server', settings],
      ['client', request],
    ])
    assert.deepEqual([answer?.protocol, answer?.name], ['http', 'up.test'])
    assert.equal(told('tcp', [['server', settings]])?.protocol, 'http2')
  })
})

test('a name under a reserved version of QUIC is told, but no rule may rely on it: the next hello may state another', () => {
  const hello = helloWith([serverName('asked.test')]).subarray(RECORD_HEAD)
  const frames = cryptoFrame(hello)
  const asks = sealedInitial({ ...VERSION_1, version: Uint8Array.of(0x1a, 0x2a, 0x3a, 0x4a) }, frames)
  const alone = told('udp', [['client', asks]])
  assert.deepEqual([alone?.protocol, alone?.name, alone?.problem], ['quic', 'asked.test', 'incomplete-handshake'])

  const other = helloWith([serverName('meant.test')]).subarray(RECORD_HEAD)
  const means = cryptoFrame(other)
  const both = told('udp', [
    ['client', asks],
    ['client', sealedInitial(VERSION_1, means)],
  ])
  assert.deepEqual([both?.name, both?.problem], ['meant.test', null])
})
