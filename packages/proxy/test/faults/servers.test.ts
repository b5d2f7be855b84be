import assert from 'node:assert/strict'
import { connect, type Socket } from 'node:net'
import { before, suite, test } from 'node:test'
import { connect as connectTls, createServer as createTlsServer } from 'node:tls'
import { CertificateAuthority, createAuthority, type ProxyOptions } from '@sallyport/proxy'
import { answerOf, labPolicy, startLab, type Lab } from '../lab.fixture.ts'
import { madeCertificate, openConnect, untilEnd } from '../tls.fixture.ts'
import {
  BOUND_MS,
  get,
  head,
  leavesNothing,
  listening,
  QUICK,
  settled,
  sockets,
  startFault,
  startFullQueue,
  type Listening,
} from './faults.fixture.ts'

suite('a server that hangs or resets, phase by phase', () => {
  test('its name: nobody answers', async () => {
    const said = await leavesNothing(
      { resolveName: () => new Promise(() => {}) },
      () => {},
      async (lab) => {
        assert.equal(answerOf(await lab.send(get('up.example.com'))), '504 resolve-failed')
      },
    )
    assert.equal(said, 'failed resolve-failed 504')
  })

  test('its connection: nobody answers', async () => {
    await using full = await startFullQueue()
    const said = await leavesNothing(
      {},
      () => {},
      async (lab) => {
        assert.equal(answerOf(await lab.send(get(`127.0.0.1:${full.port}`))), '504 connect-timeout')
      },
    )
    assert.equal(said, 'failed connect-timeout 504')
  })

  const onRequest = (then: (socket: Socket) => void) => (socket: Socket) => void socket.once('data', () => then(socket))
  for (const [phase, serve, answer, said] of [
    ['after the request: silence', () => {}, '504 response-timeout', 'failed response-timeout 504'],
    [
      'after the request: a reset',
      onRequest((socket) => socket.resetAndDestroy()),
      '502 response-incomplete',
      'failed response-incomplete 502',
    ],
    [
      'after the request: its end',
      onRequest((socket) => socket.end()),
      '502 response-incomplete',
      'failed response-incomplete 502',
    ],
    [
      'within the head',
      onRequest((socket) => socket.write(`${head}A: b`)),
      '504 response-timeout',
      'failed response-timeout 504',
    ],
    [
      'after an interim answer',
      onRequest((socket) => socket.write('HTTP/1.1 103 Early Hints\r\n\r\n')),
      '103 response-timeout',
      'failed response-timeout 504',
    ],
    [
      'within a body',
      onRequest((socket) => socket.write(`${head}Content-Length: 9\r\n\r\nhalf`)),
      '200',
      'failed response-incomplete 200',
    ],
    [
      'within a body: a reset',
      onRequest((socket) => socket.write(`${head}Content-Length: 9\r\n\r\nhalf`, () => socket.resetAndDestroy())),
      '200',
      'failed response-incomplete 200',
    ],
    [
      'within a chunk',
      onRequest((socket) => socket.write(`${head}Transfer-Encoding: chunked\r\n\r\n9\r\nhalf`)),
      '200',
      'failed response-incomplete 200',
    ],
    [
      'within the trailers',
      onRequest((socket) => socket.write(`${head}Transfer-Encoding: chunked\r\n\r\n4\r\nbody\r\n0\r\nX-Sum: `)),
      '200',
      'failed response-incomplete 200',
    ],
    [
      'within the trailers: a reset',
      onRequest((socket) =>
        socket.write(`${head}Transfer-Encoding: chunked\r\n\r\n4\r\nbody\r\n0\r\nX-Sum: `, () =>
          socket.resetAndDestroy(),
        ),
      ),
      '200',
      'failed response-incomplete 200',
    ],
  ] as const satisfies readonly (readonly [string, (socket: Socket) => unknown, string, string])[]) {
    test(phase, async () => {
      const got = await leavesNothing({}, serve, async (lab, server) => {
        const client = connect({ port: lab.port, host: '127.0.0.1' }).on('error', () => {})
        client.write(get(`127.0.0.1:${server.port}`))
        const text = await untilEnd(client)
        client.destroy()
        assert.equal(answerOf(text), answer)
        // What is not whole does not look whole.
        assert.doesNotMatch(text, /0\r\n\r\n$/)
      })
      assert.equal(got, said)
    })
  }

  test('a tunnel: it says nothing, ends one side, or resets', async () => {
    for (const serve of [() => {}, (socket: Socket) => socket.end(), (socket: Socket) => onReset(socket)]) {
      const said = await leavesNothing({}, serve, async (lab, server) => {
        const tunnel = await openConnect(lab.port, `127.0.0.1:${server.port}`)
        tunnel.write('SSH-2.0-x\r\n')
        await untilEnd(tunnel)
        tunnel.destroy()
      })
      assert.equal(said, 'allowed null 200')
    }
  })
})

/** After the octets that open the tunnel. */
function onReset(socket: Socket): void {
  socket.once('data', () => socket.resetAndDestroy())
}

suite('a server behind inspected TLS that hangs or resets', () => {
  let inspect: NonNullable<ProxyOptions['inspect']>
  let certificate: ReturnType<typeof madeCertificate>
  before(async () => {
    certificate = madeCertificate('up.example.com')
    const authority = await CertificateAuthority.open(await createAuthority('Lab', Date.now()))
    inspect = { authority, never: [], pinned: null, revoked: null, serverCa: certificate.cert }
  })
  const rules = labPolicy([
    { id: 'up', action: 'allow', to: [{ domain: 'up.example.com', ip: '127.0.0.1' }], inspect: 'tls' },
  ])

  const asked = async (lab: Lab, port: number): Promise<string> => {
    const socket = await openConnect(lab.port, `up.example.com:${port}`)
    const tls = connectTls({ socket, servername: 'up.example.com', rejectUnauthorized: false }).on('error', () => {})
    tls.write(`GET / HTTP/1.1\r\nHost: up.example.com:${port}\r\n\r\n`)
    const text = await untilEnd(tls)
    tls.destroy()
    socket.destroy()
    return answerOf(text)
  }

  for (const [phase, serve, answer] of [
    ['the hello: silence', () => {}, '502 server-tls-failed'],
    ['the hello: a reset', (socket) => onReset(socket), '502 server-tls-failed'],
    [
      'the hello: half of an answer',
      (socket) => socket.once('data', () => socket.write(Buffer.from([22, 3, 3, 0, 90, 2]))),
      '502 server-tls-failed',
    ],
  ] as const satisfies readonly (readonly [string, (socket: Socket) => unknown, string])[]) {
    test(phase, async () => {
      await leavesInspected(
        () => startFault(serve),
        async (lab, port) => assert.equal(await asked(lab, port), answer),
      )
    })
  }

  test('the request: silence, then within a body', async () => {
    for (const [reply, answer] of [
      ['', '504 response-timeout'],
      [`${head}Content-Length: 9\r\n\r\nhalf`, '200'],
    ] as const) {
      const startServer = (): Promise<Listening> => {
        const open = new Set<Socket>()
        const server = createTlsServer({ ...certificate, ALPNProtocols: ['http/1.1'] }, (socket) => {
          socket.on('error', () => {}).on('data', () => reply !== '' && socket.write(reply))
        })
        return listening(
          server.on('connection', (socket: Socket) => open.add(socket)),
          open,
        )
      }
      await leavesInspected(startServer, async (lab, port) => assert.equal(await asked(lab, port), answer))
    }
  })

  test('a client that stops within its hello, or within the handshake', async () => {
    for (const octets of [
      [22, 3, 1],
      [22, 3, 1, 0, 200, 1, 0, 0, 196],
    ]) {
      await leavesInspected(
        () => startFault(() => {}),
        async (lab, port) => {
          const socket = await openConnect(lab.port, `up.example.com:${port}`)
          socket.write(Uint8Array.from(octets))
          await untilEnd(socket)
          socket.destroy()
        },
      )
    }
  })

  async function leavesInspected(
    startServer: () => Promise<Listening>,
    use: (lab: Lab, port: number) => Promise<unknown>,
  ): Promise<void> {
    await using lab = await startLab({ policy: rules, inspect, timeouts: QUICK })
    const idle = sockets()
    {
      await using server = await startServer()
      const startMs = performance.now()
      await use(lab, server.port)
      await settled(() => lab.records.length > 0 && lab.proxy.counts().openConnections === 0)
      assert.ok(performance.now() - startMs < BOUND_MS)
    }
    await settled(() => sockets() <= idle)
    const { openConnections, openTunnels, totals } = lab.proxy.counts()
    assert.deepEqual([sockets() - idle, openConnections, openTunnels, totals.defects], [0, 0, 0, 0])
  }
})
