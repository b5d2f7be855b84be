import assert from 'node:assert/strict'
import { createHash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { readdirSync, readlinkSync } from 'node:fs'
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net'
import { suite, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { labPolicy, OPEN_RULES, startLab, type Lab } from './lab.fixture.ts'
import { openConnect } from './tls.fixture.ts'

const BANNER = 'SSH-2.0-lab\r\n'
const BODY = randomBytes(24 * 2 ** 20)
const sum = (octets: Buffer): string => createHash('sha256').update(octets).digest('hex')

type Peer = AsyncDisposable & { readonly port: number; readonly sockets: readonly Socket[] }

async function startPeer(serve: (socket: Socket) => void): Promise<Peer> {
  const sockets: Socket[] = []
  const server: Server = createServer({ allowHalfOpen: true }, (socket) => {
    sockets.push(socket.on('error', () => {}))
    serve(socket)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    port: (server.address() as AddressInfo).port,
    sockets,
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) socket.destroy()
      server.close()
    },
  }
}

async function readAll(socket: Socket, pauseMs = 0): Promise<Buffer> {
  const pieces: Buffer[] = []
  for await (const piece of socket) {
    pieces.push(piece as Buffer)
    if (pauseMs > 0 && pieces.length % 50 === 0) await sleep(pauseMs)
  }
  return Buffer.concat(pieces)
}

/** Sockets and pipes, and what watches them. */
const openFds = (): number =>
  readdirSync('/proc/self/fd').filter((fd) => {
    try {
      return /^(socket|pipe|anon_inode:\[eventpoll\])/.test(readlinkSync(`/proc/self/fd/${fd}`))
    } catch {
      return false
    }
  }).length

async function isOver(socket: Socket): Promise<void> {
  while (!socket.destroyed && !socket.readableEnded) await sleep(5)
  socket.destroy()
}

async function untilNoTunnel(lab: Lab): Promise<void> {
  while (lab.proxy.counts().openTunnels > 0) await sleep(5)
}

suite('a tunnel with much to carry', { skip: process.platform === 'linux' ? false : 'on Linux alone' }, () => {
  const start = (): Promise<Lab> => startLab({ policy: labPolicy(OPEN_RULES), movesBulk: true })

  for (const [why, pauseMs] of [
    ['and a client that reads as fast as it can', 0],
    ['and a client that reads slowly', 3],
  ] as const) {
    test(`brings every octet in its order, and its end, ${why}`, async () => {
      await using peer = await startPeer((socket) => void socket.once('data', () => socket.end(BODY)))
      await using lab = await start()
      const socket = await openConnect(lab.port, `127.0.0.1:${peer.port}`)
      socket.write(BANNER)
      const received = await readAll(socket, pauseMs)
      assert.equal(sum(received), sum(BODY))
      socket.end()
      await lab.recorded(1)
      assert.equal(lab.records[0]?.bytesIn, BODY.length)
      assert.equal(lab.records[0]?.bytesOut, BANNER.length)
      assert.equal(lab.proxy.counts().totals.tunnelsBulk, 1)
    })
  }

  test('carries both ways at once, and a side may end before the other', async () => {
    await using peer = await startPeer((socket) => void socket.pipe(socket))
    await using lab = await start()
    const socket = await openConnect(lab.port, `127.0.0.1:${peer.port}`)
    const received = readAll(socket)
    socket.write(BANNER)
    socket.end(BODY)
    assert.equal(sum(await received), sum(Buffer.concat([Buffer.from(BANNER), BODY])))
    await untilNoTunnel(lab)
    assert.equal(lab.proxy.counts().totals.tunnelsBulk, 1)
  })

  test('still answers at once what is small', async () => {
    await using peer = await startPeer((socket) => void socket.pipe(socket))
    await using lab = await start()
    const socket = await openConnect(lab.port, `127.0.0.1:${peer.port}`)
    let octets = 0
    socket.on('data', (piece: Buffer) => (octets += piece.length)).resume()
    socket.write(BANNER)
    socket.write(BODY)
    while (octets < BODY.length + BANNER.length) await sleep(5)
    for (let round = 0; round < 20; round++) {
      socket.write('x')
      await once(socket, 'data')
    }
    assert.equal(octets, BODY.length + BANNER.length + 20)
    assert.equal(lab.proxy.counts().totals.tunnelsBulk, 1)
    socket.destroy()
  })

  test('ends with either side, with the policy and with the proxy, and leaves no descriptor behind', async () => {
    const before = openFds()
    const pour = (socket: Socket): void => {
      const more = (): void => {
        while (!socket.destroyed && socket.write(BODY.subarray(0, 65_536))) continue
      }
      socket.on('drain', more).once('data', more)
    }
    await using peer = await startPeer(pour)
    {
      await using lab = await start()
      const bulk = async (): Promise<Socket> => {
        const socket = await openConnect(lab.port, `127.0.0.1:${peer.port}`)
        socket.write(BANNER)
        const already = lab.proxy.counts().totals.tunnelsBulk
        socket.resume()
        while (lab.proxy.counts().totals.tunnelsBulk === already) await sleep(5)
        return socket
      }
      ;(await bulk()).resetAndDestroy()
      await untilNoTunnel(lab)
      const two = await bulk()
      peer.sockets.at(-1)!.resetAndDestroy()
      await isOver(two)
      await untilNoTunnel(lab)
      const three = await bulk()
      lab.proxy.replacePolicy(labPolicy([{ id: 'none', action: 'deny' }]))
      await isOver(three)
      await untilNoTunnel(lab)
      lab.proxy.replacePolicy(labPolicy(OPEN_RULES))
      const four = await bulk()
      await lab.proxy[Symbol.asyncDispose]()
      await isOver(four)
    }
    for (const socket of peer.sockets) socket.destroy()
    for (let tries = 0; openFds() > before + 1 && tries < 200; tries++) await sleep(10)
    // The server of the test itself still listens.
    assert.ok(openFds() <= before + 1, `${openFds()} descriptors after ${before}`)
  })
})
