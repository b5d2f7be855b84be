import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:http'
import { connect, type AddressInfo, type Socket } from 'node:net'
import { suite, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { labPolicy, startLab, type Lab } from './lab.fixture.ts'
import { nextOctets, untilEnd } from './tls.fixture.ts'

const KEY = ['-----BEGIN ', 'PRIVATE KEY-----\nMIIE'].join('')
const RULES = [
  { id: 'no-keys', action: 'deny', to: ['127.0.0.1'], content: { dlp: ['private-key'] } },
  { id: 'lab', action: 'allow', to: ['127.0.0.1'] },
] as const
const MASK = [1, 2, 3, 4]

/** A frame of a client: what it says, and whether more of the message comes. */
function frame(text: string, how: { opcode?: number; isFinal?: boolean; first?: number } = {}): Buffer {
  const { opcode = 1, isFinal = true } = how
  const first = how.first ?? (isFinal ? 0x80 : 0) | opcode
  const payload = Buffer.from(text, 'latin1').map((octet, at) => octet ^ MASK[at & 3]!)
  const length =
    payload.length < 126 ? [0x80 | payload.length] : [0x80 | 126, payload.length >> 8, payload.length & 255]
  return Buffer.concat([Buffer.from([first, ...length, ...MASK]), payload])
}

type Server = AsyncDisposable & {
  readonly port: number
  readonly seen: () => string
  readonly extensions: () => unknown
}

/** Says hello, and keeps what frames carry. */
async function startServer(answered: string = ''): Promise<Server> {
  let seen = ''
  let extensions: unknown = null
  const sockets: Socket[] = []
  const server = createServer().on('upgrade', (request, socket: Socket) => {
    sockets.push(socket)
    extensions = request.headers['sec-websocket-extensions']
    const accept = createHash('sha1').update(
      `${request.headers['sec-websocket-key']}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`,
    )
    const head = `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n${answered}Sec-WebSocket-Accept: ${accept.digest('base64')}\r\n\r\n`
    socket.write(Buffer.concat([Buffer.from(head), Buffer.from([0x81, 5]), Buffer.from('hello')]))
    socket.on('data', (octets: Buffer) => (seen += octets.toString('latin1')))
    socket.on('error', () => {})
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    port: (server.address() as AddressInfo).port,
    seen: () => seen,
    extensions: () => extensions,
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) socket.destroy()
      server.close()
    },
  }
}

function request(lab: Lab, port: number): Socket {
  const socket = connect({ port: lab.port, host: '127.0.0.1', noDelay: true })
  socket.on('error', () => {})
  const authority = `127.0.0.1:${port}`
  const fields =
    'Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Extensions: permessage-deflate\r\n'
  socket.write(`GET http://${authority}/ws HTTP/1.1\r\nHost: ${authority}\r\n${fields}\r\n`)
  return socket
}

async function open(lab: Lab, port: number): Promise<{ readonly socket: Socket; readonly head: string }> {
  const socket = request(lab, port)
  let head = ''
  while (!head.includes('hello') && !head.includes('"reference"')) head += await nextOctets(socket)
  return { socket, head }
}

suite('what a client says over a WebSocket, where a rule decides by content', () => {
  test('goes on message by message as it was sent, and the server is offered no extension', async () => {
    await using server = await startServer()
    await using lab = await startLab({ policy: labPolicy(RULES) })
    const { socket, head } = await open(lab, server.port)
    assert.match(head, /^HTTP\/1\.1 101 [^]*hello$/)
    const sent = Buffer.concat([
      frame('harmless'),
      frame('', { opcode: 9 }),
      frame('in ', { isFinal: false }),
      frame('', { opcode: 10 }),
      frame('two', { opcode: 0 }),
      frame('x'.repeat(300)),
    ])
    for (let at = 0; at < sent.length; at += 7) {
      socket.write(sent.subarray(at, at + 7))
      await sleep(1)
    }
    // A control frame may stand within a message, which goes on when it is whole.
    while (server.seen().length < sent.length) await sleep(5)
    const received = Buffer.from(server.seen(), 'latin1')
    assert.ok(received.includes(frame('harmless')) && received.includes(frame('x'.repeat(300))))
    assert.ok(received.includes(Buffer.concat([frame('in ', { isFinal: false }), frame('two', { opcode: 0 })])))
    assert.equal(server.extensions(), undefined)
    socket.destroy()
    await lab.recorded(1)
    assert.deepEqual([lab.records[0]?.outcome, lab.records[0]?.content, lab.records[0]?.status], ['allowed', [], 101])
    assert.equal(lab.proxy.counts().totals.messagesScanned, 3)
  })

  test('goes on as it was sent where it comes in one piece', async () => {
    await using server = await startServer()
    await using lab = await startLab({ policy: labPolicy(RULES) })
    const { socket } = await open(lab, server.port)
    for (const each of [frame('harmless'), frame('ping', { opcode: 9 }), frame('too')]) {
      const before = server.seen().length
      socket.write(each)
      while (server.seen().length < before + each.length) await sleep(5)
      assert.ok(Buffer.from(server.seen(), 'latin1').subarray(before).equals(each))
    }
    socket.destroy()
  })

  for (const [why, frames, reason] of [
    ['a secret in a message', [frame(KEY)], 'denied'],
    [
      'a secret in base64 in JSON',
      [frame(JSON.stringify({ a: Buffer.from(KEY.repeat(2)).toString('base64') }))],
      'denied',
    ],
    [
      'a secret in pieces',
      [...KEY].map((letter, at) => frame(letter, { opcode: at === 0 ? 1 : 0, isFinal: at === KEY.length - 1 })),
      'denied',
    ],
    ['a secret in a ping', [frame(KEY.slice(0, 120), { opcode: 9 })], 'denied'],
    ['a secret as the reason of a close', [frame(`\x03\xe8${KEY.slice(0, 110)}`, { opcode: 8 })], 'denied'],
    ['a message over the bound', [frame('x'.repeat(1200))], 'content-opaque'],
    ['a packed message', [frame('x', { first: 0xc1 })], 'content-opaque'],
    ['a frame without a mask', [Buffer.from([0x81, 1, 120])], 'content-opaque'],
    ['an unknown kind of frame', [frame('x', { opcode: 3 })], 'content-opaque'],
    ['a length in more octets than it needs', [Buffer.from([0x81, 0xfe, 0, 1, ...MASK, 120])], 'content-opaque'],
    ['a second message within the first', [frame('a', { isFinal: false }), frame('b')], 'content-opaque'],
    ['a long control frame', [frame('x'.repeat(200), { opcode: 9 })], 'content-opaque'],
  ] as const) {
    test(`ends with ${why}, of which the server sees nothing`, async () => {
      await using server = await startServer()
      await using lab = await startLab({ policy: labPolicy(RULES), limits: { scanBytes: 1000 } })
      const { socket } = await open(lab, server.port)
      for (const each of frames) socket.write(each)
      await untilEnd(socket)
      await lab.recorded(1)
      assert.deepEqual([lab.records[0]?.reason, lab.records[0]?.outcome], [reason, 'denied'])
      assert.equal(server.seen(), '')
      assert.equal(lab.proxy.counts().openTunnels, 0)
    })
  }

  for (const [what, pieces] of [
    ['a secret', [...KEY]],
    [
      'a secret in base64',
      Buffer.from(KEY.repeat(2))
        .toString('base64')
        .match(/.{1,30}/g) ?? [],
    ],
    ['a card number beside its word', ['the car', `d is ${['4111 1111', ' 11'].join('')}`, '11 1111 ']],
  ] as const) {
    for (const opcode of [1, 9]) {
      test(`ends before ${what} in several ${opcode === 1 ? 'messages' : 'pings'} is whole, whatever stands between them`, async () => {
        await using server = await startServer()
        const rules = [{ ...RULES[0], content: { dlp: ['private-key', 'payment-card'] } }, RULES[1]] as const
        await using lab = await startLab({ policy: labPolicy(rules) })
        const { socket } = await open(lab, server.port)
        const between = frame('x', { opcode: opcode === 1 ? 10 : 1 })
        const sent = pieces.map((each) => Buffer.concat([frame(each, { opcode }), between]))
        for (const each of sent) socket.write(each)
        await untilEnd(socket)
        await lab.recorded(1)
        assert.deepEqual([lab.records[0]?.reason, lab.records[0]?.outcome], ['denied', 'denied'])
        assert.ok(server.seen().length <= Buffer.concat(sent.slice(0, -1)).length)
      })
    }
  }

  test('counts a secret once, in however many messages it is seen', async () => {
    await using server = await startServer()
    await using lab = await startLab({ policy: labPolicy(RULES, 'monitor') })
    const { socket } = await open(lab, server.port)
    const sent = [KEY, 'a', 'b', KEY].map((text) => frame(text))
    for (const each of sent) socket.write(each)
    while (server.seen().length < Buffer.concat(sent).length) await sleep(5)
    socket.destroy()
    await lab.recorded(1)
    assert.deepEqual(lab.records[0]?.findings, [{ detector: 'private-key', count: 1, confidence: 'low' }])
  })

  test('does not begin with a server that packs frames all the same', async () => {
    await using server = await startServer('Sec-WebSocket-Extensions: permessage-deflate\r\n')
    await using lab = await startLab({ policy: labPolicy(RULES) })
    assert.match((await open(lab, server.port)).head, /^HTTP\/1\.1 502 [^]*"bad-response"/)
  })

  test('is judged by the policy in force, and a policy that denies the request cuts it', async () => {
    await using server = await startServer()
    await using lab = await startLab({ policy: labPolicy(RULES.slice(1)) })
    const { socket } = await open(lab, server.port)
    lab.proxy.replacePolicy(labPolicy([{ id: 'other', action: 'allow', to: ['192.0.2.1'] }]))
    await untilEnd(socket)
    assert.equal(lab.proxy.counts().totals.tunnelsCutByPolicy, 1)
  })
})

suite('a WebSocket of a rule with a limit', () => {
  const limited = (limit: object, isGuarded: boolean): ReturnType<typeof labPolicy> => {
    const allow = { id: 'lab', action: 'allow', to: ['127.0.0.1'], limit } as const
    return labPolicy(isGuarded ? [RULES[0], allow] : [allow])
  }
  for (const isGuarded of [true, false]) {
    test(`ends where it runs into it${isGuarded ? ', message by message' : ''}`, async () => {
      await using server = await startServer()
      await using lab = await startLab({ policy: limited({ bytesOut: 3000 }, isGuarded) })
      const { socket } = await open(lab, server.port)
      const ended = untilEnd(socket)
      for (let sent = 0; sent < 20; sent++) {
        socket.write(frame('x'.repeat(400)))
        await sleep(5)
      }
      await ended
      assert.ok(server.seen().length > 400 && server.seen().length <= 3000, `${server.seen().length}`)
      await lab.recorded(1)
      assert.equal(lab.records[0]?.reason, 'limit-bytes-out')
    })
  }

  test('counts what the server says, while a rule listens to its client', async () => {
    await using server = await startServer()
    // The head of the answer has 105 octets, the first message 7.
    await using lab = await startLab({ policy: limited({ bytesIn: 108 }, true) })
    assert.doesNotMatch(await untilEnd(request(lab, server.port)), /hello/)
    await lab.recorded(1)
    assert.equal(lab.records[0]?.reason, 'limit-bytes-in')
  })
})
