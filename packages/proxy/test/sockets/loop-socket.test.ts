import assert from 'node:assert/strict'
import { createHash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { connect, createServer, type AddressInfo, type Socket } from 'node:net'
import { suite, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseAddress } from '@sallyport/net'
import { LoopListener, openListening } from '../../src/sockets/loop-listener.ts'
import { LoopSocket } from '../../src/sockets/loop-socket.ts'
import type { OctetTaker } from '../../src/sockets/octet-taker.ts'
import { AF_INET, STREAM } from '../../src/sockets/socket-calls.ts'
import { SocketLoop } from '../../src/sockets/socket-loop.ts'
import { freePort } from '../free-port.fixture.ts'

const LOOPBACK = parseAddress('127.0.0.1')!
const BODY = randomBytes(8 * 2 ** 20)
const sum = (octets: Buffer): string => createHash('sha256').update(octets).digest('hex')

function heard(socket: LoopSocket, event: string): Promise<unknown[]> {
  return new Promise((resolve) => socket.once(event, (...values: unknown[]) => resolve(values)))
}

type Pair = Disposable & { readonly own: LoopSocket; readonly peer: Socket }

/** A socket of the loop and its peer, a socket of Node. */
async function openPair(loop: SocketLoop): Promise<Pair> {
  const accepted = Promise.withResolvers<LoopSocket>()
  const fd = openListening({ address: LOOPBACK, port: 0 }, loop.calls)
  using listener = new LoopListener(loop, fd, accepted.resolve)
  const peer = connect({ port: listener.port, host: '127.0.0.1', allowHalfOpen: true }).on('error', () => {})
  const own = await accepted.promise
  return { own, peer, [Symbol.dispose]: () => void (own.destroy(), peer.destroy()) }
}

async function readAll(socket: Socket, pauseMs = 0): Promise<Buffer> {
  const pieces: Buffer[] = []
  for await (const piece of socket) {
    pieces.push(piece as Buffer)
    if (pauseMs > 0 && pieces.length % 20 === 0) await sleep(pauseMs)
  }
  return Buffer.concat(pieces)
}

suite('a socket of the loop', { skip: process.platform === 'linux' ? false : 'on Linux alone' }, () => {
  test('sends every octet in its order to a peer that reads slowly, and says when there is room again', async () => {
    using loop = SocketLoop.open()!
    using pair = await openPair(loop)
    const received = readAll(pair.peer, 2)
    let waits = 0
    for (let at = 0; at < BODY.length; at += 100_003) {
      if (pair.own.write(BODY.subarray(at, at + 100_003))) continue
      waits++
      await heard(pair.own, 'drain')
    }
    pair.own.end()
    assert.equal(sum(await received), sum(BODY))
    assert.ok(waits > 0)
  })

  test('reads every octet in its order, none while it is paused, and the end after the last', async () => {
    using loop = SocketLoop.open()!
    using pair = await openPair(loop)
    const pieces: Buffer[] = []
    let isPaused = false
    pair.own.on('data', (piece: Buffer) => {
      assert.equal(isPaused, false)
      pieces.push(Buffer.from(piece))
      if (pieces.length % 10 !== 0) return
      isPaused = true
      pair.own.pause()
      setTimeout(() => {
        isPaused = false
        pair.own.resume()
      }, 2)
    })
    pair.peer.end(BODY)
    await heard(pair.own, 'end')
    assert.equal(sum(Buffer.concat(pieces)), sum(BODY))
    assert.deepEqual([pair.own.readableEnded, pair.own.destroyed, pair.own.writable], [true, false, true])
  })

  test('has an end for each side, and closes when both have ended', async () => {
    using loop = SocketLoop.open()!
    using pair = await openPair(loop)
    const received = readAll(pair.peer)
    pair.own.resume()
    pair.peer.end('question')
    await heard(pair.own, 'end')
    assert.equal(pair.own.write('answer'), true)
    pair.own.end(' to the end')
    await heard(pair.own, 'close')
    assert.equal((await received).toString(), 'answer to the end')
    assert.equal(pair.own.write('more'), false)
  })

  test('lets what was written leave before it closes', async () => {
    using loop = SocketLoop.open()!
    using pair = await openPair(loop)
    pair.own.write(BODY)
    pair.own.destroySoon()
    assert.equal(sum(await readAll(pair.peer, 1)), sum(BODY))
    assert.equal(pair.own.destroyed, true)
  })

  test('has one taker at a time, who hears all of it until it leaves, as do those who listen', async () => {
    using loop = SocketLoop.open()!
    using pair = await openPair(loop)
    const said: string[] = []
    const taker = (who: string): OctetTaker => ({
      onOctets: (octets) => said.push(`${who} ${octets.toString()}`),
      onEnd: () => said.push(`${who} end`),
      onClose: () => said.push(`${who} close`),
      onDrain: () => {},
      onIdle: () => {},
    })
    pair.own.on('data', () => said.push('listener'))
    const first = pair.own.take(taker('first'))
    assert.throws(() => pair.own.take(taker('second')))
    pair.peer.write('one')
    await heard(pair.own, 'data')
    first.leave()
    pair.own.take(taker('second'))
    // It has left already, and takes nobody else away.
    first.leave()
    pair.peer.end('two')
    await heard(pair.own, 'end')
    pair.own.destroy()
    await heard(pair.own, 'close')
    await sleep(0)
    assert.deepEqual(said, ['listener', 'first one', 'listener', 'second two', 'second end', 'second close'])
  })

  test('is told of what comes after much came at once, and after nothing did', async () => {
    using loop = SocketLoop.open()!
    using pairs = new DisposableStack()
    const all = await Promise.all(Array.from({ length: 40 }, () => openPair(loop)))
    for (const pair of all) pairs.use(pair)
    for (const [round, text] of ['one', 'two', 'three'].entries()) {
      const told = all.map(({ own }) => heard(own, 'data'))
      for (const { peer } of all) peer.write(text)
      for (const [octets] of await Promise.all(told)) assert.equal(String(octets), text)
      // The loop has come to rest by then, and one alone is heard as well.
      await sleep(5 * round)
      const one = heard(all[round]!.own, 'data')
      all[round]!.peer.write('alone')
      assert.equal(String((await one)[0]), 'alone')
    }
  })

  test('holds what is written while it is corked, and sends it as one', async () => {
    using loop = SocketLoop.open()!
    using pair = await openPair(loop)
    pair.own.cork()
    for (const part of ['a', 'b', 'c']) pair.own.write(part)
    await sleep(20)
    assert.equal(pair.peer.bytesRead, 0)
    pair.own.uncork()
    assert.equal(String((await once(pair.peer, 'data'))[0]), 'abc')
  })

  test('a reset by the peer is its close, after what came before it', async () => {
    using loop = SocketLoop.open()!
    for (const isPaused of [false, true]) {
      using pair = await openPair(loop)
      const octets: string[] = []
      if (isPaused) pair.own.pause()
      pair.own.on('data', (piece: Buffer) => octets.push(piece.toString()))
      await new Promise((sent) => pair.peer.write('last words', sent))
      pair.peer.resetAndDestroy()
      await sleep(20)
      assert.deepEqual([octets.length, pair.own.destroyed], isPaused ? [0, false] : [1, true])
      const closed = isPaused ? heard(pair.own, 'close') : null
      pair.own.resume()
      await closed
      assert.deepEqual(octets, ['last words'])
    }
  })

  test('a reset behind the end of the peer is its close as well', async () => {
    using loop = SocketLoop.open()!
    using pair = await openPair(loop)
    pair.own.resume()
    pair.peer.end()
    await heard(pair.own, 'end')
    const closed = heard(pair.own, 'close')
    pair.peer.resetAndDestroy()
    await closed
    assert.equal(pair.own.destroyed, true)
  })

  test('resets its peer when it is told to', async () => {
    using loop = SocketLoop.open()!
    using pair = await openPair(loop)
    const failed = once(pair.peer, 'error')
    pair.peer.resume()
    pair.own.resetAndDestroy()
    assert.equal(((await failed)[0] as NodeJS.ErrnoException).code, 'ECONNRESET')
  })

  test('says when nothing has moved for so long, and not while something moves', async () => {
    using loop = SocketLoop.open()!
    using pair = await openPair(loop)
    let isIdle = false
    pair.own.setTimeout(150, () => (isIdle = true))
    pair.own.resume()
    for (let round = 0; round < 10; round++) {
      pair.peer.write('x')
      await sleep(30)
    }
    assert.equal(isIdle, false)
    await heard(pair.own, 'timeout')
    assert.equal(isIdle, true)
  })

  test('connects, or fails with the code of the system', async () => {
    using loop = SocketLoop.open()!
    const server = createServer((socket) => socket.end('hello')).listen(0, '127.0.0.1')
    await once(server, 'listening')
    const socket = LoopSocket.connect(loop, { address: LOOPBACK, port: (server.address() as AddressInfo).port })
    socket.write('sent when it is open')
    await heard(socket, 'connect')
    assert.equal(String((await heard(socket, 'data'))[0]), 'hello')
    socket.destroy()
    server.close()
    for (const [text, port, code] of [
      ['127.0.0.1', await freePort(), 'ECONNREFUSED'],
      ['255.255.255.255', 9, 'ENETUNREACH'],
    ] as const) {
      const failing = LoopSocket.connect(loop, { address: parseAddress(text)!, port })
      const [error] = (await heard(failing, 'error')) as [NodeJS.ErrnoException]
      assert.equal(error.code, code)
      assert.equal(failing.destroyed, true)
    }
  })

  test('becomes a socket of Node that misses nothing, whose close is its own', async () => {
    using loop = SocketLoop.open()!
    using pair = await openPair(loop)
    pair.peer.write('unread')
    await sleep(20)
    const node = pair.own.toNode()
    assert.equal(String((await once(node, 'data'))[0]), 'unread')
    node.end('from Node')
    assert.equal((await readAll(pair.peer)).toString(), 'from Node')
    const closed = heard(pair.own, 'close')
    pair.own.destroy()
    await closed
    assert.deepEqual([node.destroyed, pair.own.destroyed], [true, true])
  })

  test('that is closed becomes a socket of Node that is closed, whoever has its descriptor now', async () => {
    using loop = SocketLoop.open()!
    using pair = await openPair(loop)
    pair.own.destroy()
    // Each is the lowest that is free.
    const taken: number[] = []
    while (taken.length < 64 && taken.at(-1) !== pair.own.fd) taken.push(loop.calls.socket(AF_INET, STREAM, 0))
    assert.equal(taken.at(-1), pair.own.fd)
    const node = pair.own.toNode()
    node.write('to nobody')
    await sleep(20)
    assert.equal(node.destroyed, true)
    for (const fd of taken) assert.equal(loop.calls.close(fd), 0)
  })

  test('all of them end with the loop', async () => {
    const loop = SocketLoop.open()!
    using pair = await openPair(loop)
    pair.peer.resume()
    const ended = once(pair.peer, 'end')
    loop[Symbol.dispose]()
    await ended
    assert.equal(pair.own.destroyed, true)
  })
})
