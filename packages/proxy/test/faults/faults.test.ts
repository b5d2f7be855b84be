import assert from 'node:assert/strict'
import { connect } from 'node:net'
import { suite, test } from 'node:test'
import { answerOf, labPolicy, OPEN_RULES, startLab, startUpstream, type Lab } from '../lab.fixture.ts'
import { nextOctets, openConnect, untilEnd } from '../tls.fixture.ts'

const QUICK = {
  headMs: 200,
  keepAliveMs: 300,
  bodyIdleMs: 200,
  responseMs: 200,
  connectMs: 300,
  handshakeMs: 200,
  resolveMs: 200,
}

const request = (port: number, fields = '', body = ''): string =>
  `POST http://127.0.0.1:${port}/ HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\n${fields}\r\n${body}`

async function nothingIsLeft(lab: Lab): Promise<void> {
  for (let tries = 0; tries < 400; tries++) {
    const { openConnections, openTunnels } = lab.proxy.counts()
    if (openConnections === 0 && openTunnels === 0) return
    await new Promise((next) => setTimeout(next, 10))
  }
  assert.fail(JSON.stringify(lab.proxy.counts()))
}

suite('whatever a server does, the client hears of it, and nothing is left behind', () => {
  for (const [what, serve, answer] of [
    ['never answers', () => {}, '504 response-timeout'],
    ['stops within its head', (socket) => socket.write('HTTP/1.1 200 OK\r\nA: '), '504 response-timeout'],
    ['resets', (socket) => socket.resetAndDestroy(), '502 response-incomplete'],
    ['ends', (socket) => socket.end(), '502 response-incomplete'],
    ['stops within its body', (socket) => socket.write('HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf'), '200'],
    ['answers before it has read', (socket) => socket.write('HTTP/1.1 413 No\r\nContent-Length: 0\r\n\r\n'), '413'],
  ] as const satisfies readonly (readonly [string, Parameters<typeof startUpstream>[0] & Function, string])[]) {
    test(`a server that ${what}`, async () => {
      await using upstream = await startUpstream(serve)
      await using lab = await startLab({ timeouts: QUICK })
      assert.equal(answerOf(await lab.send(request(upstream.port))), answer)
      await nothingIsLeft(lab)
      await lab.recorded(1)
      assert.equal(lab.records.length, 1)
    })
  }

  test('a server that is not there, and one whose name cannot be looked up', async () => {
    await using lab = await startLab({ timeouts: QUICK })
    assert.equal(answerOf(await lab.send(request(1))), '502 connect-refused')
    await using blind = await startLab({
      timeouts: QUICK,
      resolveName: async () => ({ kind: 'failed', explain: 'no server' }),
    })
    const named = 'GET http://up.example.com/ HTTP/1.1\r\nHost: up.example.com\r\n\r\n'
    assert.equal(answerOf(await blind.send(named)), '504 resolve-failed')
    await using broken = await startLab({ timeouts: QUICK, resolveName: () => Promise.reject(new Error('defect')) })
    assert.equal(answerOf(await broken.send(named)), '504 resolve-failed')
  })

  test('an idle connection that the server closes is not used for the next request', async () => {
    await using upstream = await startUpstream((socket) => {
      socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok')
      setTimeout(() => socket.destroy(), 20)
    })
    await using lab = await startLab()
    const get = request(upstream.port).replace('POST', 'GET')
    for (let index = 0; index < 5; index++) {
      assert.equal(answerOf(await lab.send(get)), '200')
      await new Promise((next) => setTimeout(next, 30))
    }
  })
})

suite('whatever a client does, nothing is left behind', () => {
  test('a client that says nothing is closed', async () => {
    await using lab = await startLab({ timeouts: QUICK })
    const socket = connect({ port: lab.port, host: '127.0.0.1' })
    await untilEnd(socket)
    await nothingIsLeft(lab)
  })

  test('a head in drops is answered when time is up (slowloris)', async () => {
    await using lab = await startLab({ timeouts: QUICK })
    const socket = connect({ port: lab.port, host: '127.0.0.1' })
    const drip = setInterval(() => socket.write('G'), 30)
    const answer = await untilEnd(socket)
    clearInterval(drip)
    assert.equal(answerOf(answer), '408 head-timeout')
    socket.destroy()
    await nothingIsLeft(lab)
  })

  test('a body that stops coming, or is longer than it may be', async () => {
    await using upstream = await startUpstream(() => {})
    await using lab = await startLab({ timeouts: { ...QUICK, responseMs: 2000 }, limits: { requestBodyBytes: 1000 } })
    assert.equal(
      answerOf(await lab.send(request(upstream.port, 'Content-Length: 100\r\n', 'half'))),
      '408 body-timeout',
    )
    const chunk = `1f4\r\n${'x'.repeat(500)}\r\n`
    const long = request(upstream.port, 'Transfer-Encoding: chunked\r\n', chunk.repeat(3))
    assert.equal(answerOf(await lab.send(long)), '413 body-too-large')
    await nothingIsLeft(lab)
  })

  test('a client that goes while the server thinks takes the connection to it along', async () => {
    let isGone = false
    await using upstream = await startUpstream((socket) => socket.on('end', () => (isGone = true)))
    await using lab = await startLab()
    const socket = connect({ port: lab.port, host: '127.0.0.1' })
    socket.write(request(upstream.port))
    while (upstream.received() === '') await new Promise((next) => setTimeout(next, 5))
    socket.resetAndDestroy()
    while (!isGone) await new Promise((next) => setTimeout(next, 5))
    await nothingIsLeft(lab)
  })

  test('a thousand tunnels that are cut at once leave nothing behind', async () => {
    await using upstream = await startUpstream(
      (socket, received) => received.endsWith('\n') && socket.write('SSH-2.0-lab\r\n'),
    )
    await using lab = await startLab()
    const open = async () => {
      const socket = await openConnect(lab.port, `127.0.0.1:${upstream.port}`)
      socket.write('SSH-2.0-x\r\n')
      await nextOctets(socket)
      return socket
    }
    const sockets = []
    for (let round = 0; round < 10; round++) sockets.push(...(await Promise.all(Array.from({ length: 100 }, open))))
    assert.equal(lab.proxy.counts().openTunnels, 1000)
    for (const [index, socket] of sockets.entries()) if (index % 2 === 0) socket.resetAndDestroy()
    lab.proxy.replacePolicy(labPolicy([{ id: 'none', action: 'deny', to: ['127.0.0.1'] }, ...OPEN_RULES]))
    await nothingIsLeft(lab)
    assert.equal(lab.proxy.counts().totals.defects, 0)
  })

  test('a reader that takes nothing does not make the proxy hold what it does not take', async () => {
    await using upstream = await startUpstream((socket) => {
      socket.write('SSH-2.0-lab\r\n')
      const octets = Buffer.alloc(1 << 20)
      const pour = (): void => {
        while (socket.write(octets)) continue
      }
      socket.on('drain', pour)
      pour()
    })
    await using lab = await startLab()
    const socket = await openConnect(lab.port, `127.0.0.1:${upstream.port}`)
    socket.write('SSH-2.0-x\r\n')
    await nextOctets(socket)
    const before = process.memoryUsage().external
    await new Promise((next) => setTimeout(next, 500))
    assert.ok(process.memoryUsage().external - before < 64 * 2 ** 20)
    socket.destroy()
    await nothingIsLeft(lab)
  })
})
