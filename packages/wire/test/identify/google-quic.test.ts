import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startIdentification, type Identification } from '@sallyport/wire'
import { helloWith, serverName } from './hello-bytes.ts'
import { nodeCrypto as ciphers } from './node-crypto.ts'
import { cryptoFrame, sealedInitial, type Sealing } from './sealed-initial.fixture.ts'

const Q050: Sealing = { version: Buffer.from('Q050'), saltHex: '504574efd066fe2f9d945cfcdbd3a7f0d3b56b45' }
const T050: Sealing = { version: Buffer.from('T050'), saltHex: '7ff579e5acd072915580304c43a2367c60488310' }
const T051: Sealing = { version: Buffer.from('T051'), saltHex: '7a4edef4e7ccee5fa4506c19124fc8ccda6e033d' }
const GOOGLE_CRYPTO = 8

/** A hello of tags: name, count, then each tag with the end of its value, then the values. */
function tags(name: string, values: Readonly<Record<string, string>>): Buffer {
  const head = Buffer.alloc(8 + 8 * Object.keys(values).length)
  head.write(name, 0, 'latin1')
  head.writeUInt16LE(Object.keys(values).length, 4)
  let end = 0
  for (const [index, [tag, value]] of Object.entries(values).entries()) {
    head.write(tag.padEnd(4, '\0'), 8 + index * 8, 'latin1')
    head.writeUInt32LE((end += value.length), 12 + index * 8)
  }
  return Buffer.concat([head, Buffer.from(Object.values(values).join(''), 'latin1')])
}

function identify(direction: 'client' | 'server', datagram: Uint8Array): Identification {
  const identifier = startIdentification({ transport: 'udp', ciphers })
  identifier.push(direction, datagram)
  return identifier.finish()
}

test("the name is read from a protected Initial of Google's last version before TLS", () => {
  const frames = cryptoFrame(tags('CHLO', { PAD: '--', SNI: 'a.example', VER: 'Q050' }), GOOGLE_CRYPTO)
  const answer = identify('client', sealedInitial(Q050, frames))
  assert.ok(answer.state === 'identified')
  assert.deepEqual([answer.protocol, answer.name], ['quic', 'a.example'])
})

test("the name is read from Google's versions with TLS", () => {
  // Behind the record header: the handshake message.
  const hello = helloWith([serverName('b.example')]).subarray(5)
  for (const sealing of [T050, T051]) {
    const answer = identify('client', sealedInitial(sealing, cryptoFrame(hello, GOOGLE_CRYPTO)))
    assert.equal(answer.state === 'identified' ? answer.name : answer.state, 'b.example')
  }
})

test('an Initial that its keys do not open has no name', () => {
  const frames = cryptoFrame(tags('CHLO', { SNI: 'a.example' }), GOOGLE_CRYPTO)
  const answer = identify('client', sealedInitial({ ...Q050, saltHex: '00'.repeat(20) }, frames))
  assert.ok(answer.state === 'identified')
  assert.deepEqual([answer.protocol, answer.name, answer.problem], ['quic', null, 'undecipherable'])
})

test('a server of Google QUIC is known by its rejection', () => {
  const answer = identify(
    'server',
    Buffer.concat([
      Buffer.from('0825421234', 'hex'),
      Buffer.alloc(24, 1),
      tags('REJ\0', { STK: 'x'.repeat(40), SNO: 'y'.repeat(20) }),
    ]),
  )
  assert.equal(answer.state === 'identified' ? answer.protocol : answer.state, 'quic')
})
