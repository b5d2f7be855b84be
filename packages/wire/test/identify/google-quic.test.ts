import assert from 'node:assert/strict'
import { createCipheriv, createHmac } from 'node:crypto'
import { test } from 'node:test'
import { startIdentification, type Identification } from '@sallyport/wire'
import { helloWith, serverName } from './hello-bytes.ts'
import { nodeCrypto as ciphers } from './node-crypto.ts'

const CONNECTION = Buffer.from('0102030405060708', 'hex')

/** An Initial of the client, sealed as RFC 9001 §5 says, with the salt of a version. */
function sealedInitial(version: string, saltHex: string, frames: Buffer): Buffer {
  const hmac = (key: Buffer, data: Buffer): Buffer => createHmac('sha256', key).update(data).digest()
  const expand = (secret: Buffer, label: string, length: number): Buffer => {
    const full = Buffer.from(`tls13 ${label}`)
    return hmac(secret, Buffer.concat([Buffer.from([0, length, full.length]), full, Buffer.from([0, 1])])).subarray(
      0,
      length,
    )
  }
  const client = expand(hmac(Buffer.from(saltHex, 'hex'), CONNECTION), 'client in', 32)
  const payload = Buffer.concat([frames, Buffer.alloc(1162 - frames.length)])
  const length = 1 + payload.length + 16
  const header = Buffer.concat([
    Buffer.from([0xc0]),
    Buffer.from(version),
    Buffer.from([CONNECTION.length]),
    CONNECTION,
    Buffer.from([0, 0, 0x40 | (length >> 8), length & 0xff, 0]),
  ])
  const seal = createCipheriv('aes-128-gcm', expand(client, 'quic key', 16), expand(client, 'quic iv', 12))
  seal.setAAD(header)
  const packet = Buffer.concat([header, seal.update(payload), seal.final(), seal.getAuthTag()])
  const sample = packet.subarray(header.length + 3, header.length + 19)
  const mask = createCipheriv('aes-128-ecb', expand(client, 'quic hp', 16), null).update(sample)
  packet[0]! ^= mask[0]! & 0x0f
  packet[header.length - 1]! ^= mask[1]!
  return packet
}

const crypto = (data: Uint8Array): Buffer =>
  Buffer.concat([Buffer.from([8, 0, 0x40 | (data.length >> 8), data.length & 0xff]), data])

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
  const frames = crypto(tags('CHLO', { PAD: '--', SNI: 'a.example', VER: 'Q050' }))
  const answer = identify('client', sealedInitial('Q050', '504574efd066fe2f9d945cfcdbd3a7f0d3b56b45', frames))
  assert.deepEqual(
    [answer.state === 'identified' && answer.protocol, answer.state === 'identified' && answer.name],
    ['quic', 'a.example'],
  )
})

test("the name is read from Google's versions with TLS", () => {
  // Behind the record header: the handshake message.
  const hello = helloWith([serverName('b.example')]).subarray(5)
  for (const [version, salt] of [
    ['T050', '7ff579e5acd072915580304c43a2367c60488310'],
    ['T051', '7a4edef4e7ccee5fa4506c19124fc8ccda6e033d'],
  ] as const) {
    const answer = identify('client', sealedInitial(version, salt, crypto(hello)))
    assert.equal(answer.state === 'identified' ? answer.name : answer.state, 'b.example', version)
  }
})

test('an Initial that its keys do not open has no name', () => {
  const answer = identify('client', sealedInitial('Q050', '00'.repeat(20), crypto(tags('CHLO', { SNI: 'a.example' }))))
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
