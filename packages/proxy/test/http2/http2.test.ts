import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import type {
  IncomingHttpHeaders,
  ServerHttp2Stream,
  Http2SecureServer,
  Http2ServerRequest,
  Http2ServerResponse,
} from 'node:http2'
import { request as requestHttps } from 'node:https'
import type { Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'
import { suite, test } from 'node:test'
import { openConnect } from '../tls.fixture.ts'
import { ask, openSession, startInspecting, startServer, startTlsLab, type Answered } from './http2.fixture.ts'
import { connect as connectHttp2 } from 'node:http2'
import { startUpstream } from '../lab.fixture.ts'

const RULES = [
  { id: 'no-secret', action: 'deny', to: ['up.example.com'], http: { path: ['/secret/**'] } },
  {
    id: 'no-keys',
    action: 'deny',
    to: ['up.example.com'],
    content: { dlp: ['private-key'] },
    http: { path: ['/upload/**'] },
  },
  { id: 'up', action: 'allow', to: [{ domain: '.example.com', ip: '127.0.0.1' }], protocol: ['tls'] },
] as const

const sum = (body: string | Buffer): string => createHash('sha256').update(body).digest('hex').slice(0, 8)

/** Says what it got: method, path, sum of the body, and what a proxy must not lose or add. */
function describing(server: Http2SecureServer): void {
  server.on('request', (request: Http2ServerRequest, response: Http2ServerResponse) => {
    const hash = createHash('sha256')
    request.on('data', (piece: Buffer) => hash.update(piece))
    request.on('end', () => {
      const { headers, method, url } = request
      response.setHeader(
        'x-got',
        `${request.httpVersion} ${method} ${url} ${hash.digest('hex').slice(0, 8)} ${headers.cookie ?? ''}`,
      )
      response.setHeader('x-host', String(headers[':authority'] ?? headers.host))
      response.setHeader(
        'x-connection',
        String(headers['connection'] ?? headers['transfer-encoding'] ?? headers['te'] ?? 'none'),
      )
      response.setHeader('set-cookie', ['a=1', 'b=2'])
      if (method === 'HEAD') return void response.end()
      if (url === '/none') return void response.writeHead(204).end()
      response.setHeader('trailer', 'x-sum')
      response.write('one ')
      response.addTrailers({ 'x-sum': '9' })
      response.end(url === '/large' ? 'x'.repeat(3_000_000) : 'two')
    })
  })
}

/** The same by a client of HTTP/1.1. */
async function askHttp1(port: number, to: number, method: string, path: string, body: string): Promise<Answered> {
  const socket = connectTls({
    socket: await openConnect(port, `up.example.com:${to}`),
    servername: 'up.example.com',
    rejectUnauthorized: false,
  })
  await once(socket, 'secureConnect')
  const request = requestHttps({
    method,
    path,
    host: 'up.example.com',
    port: to,
    headers: { cookie: 'a=1; b=2' },
    createConnection: () => socket,
  })
  request.end(body === '' ? undefined : body)
  const [response] = (await once(request, 'response')) as [import('node:http').IncomingMessage]
  const pieces: Buffer[] = []
  for await (const piece of response) pieces.push(piece as Buffer)
  socket.destroy()
  return {
    status: response.statusCode!,
    headers: response.headers,
    trailers: response.trailers,
    body: Buffer.concat(pieces).toString('latin1'),
    rstCode: 0,
  }
}

suite('HTTP/2 inside TLS', () => {
  for (const [serverSpeaks, protocols] of [
    ['2.0', ['h2', 'http/1.1']],
    ['1.1', ['http/1.1']],
  ] as const) {
    for (const clientSpeaks of ['2.0', '1.1'] as const) {
      test(`a client of ${clientSpeaks} and a server of ${serverSpeaks} see the same message`, async () => {
        await using server = await startServer(describing, protocols)
        await using lab = await startInspecting(server, RULES)
        const session = clientSpeaks === '2.0' ? await openSession(lab, server.port) : null
        const asked = (method: string, path: string, body = ''): Promise<Answered> =>
          session === null
            ? askHttp1(lab.port, server.port, method, path, body)
            : ask(
                session,
                [
                  ':method',
                  method,
                  ':path',
                  path,
                  ':authority',
                  `up.example.com:${server.port}`,
                  ':scheme',
                  'https',
                  'cookie',
                  'a=1',
                  'cookie',
                  'b=2',
                  'te',
                  'trailers',
                ],
                body === '' ? null : body,
              )
        const get = await asked('GET', '/a?q=1')
        assert.equal(get.headers['x-got'], `${serverSpeaks} GET /a?q=1 ${sum('')} a=1; b=2`)
        assert.equal(get.headers['x-host'], `up.example.com:${server.port}`)
        assert.deepEqual(get.headers['set-cookie'], ['a=1', 'b=2'])
        assert.deepEqual([get.status, get.body, get.trailers['x-sum']], [200, 'one two', '9'])
        const big = 'y'.repeat(700_000)
        assert.match(String((await asked('POST', '/b', big)).headers['x-got']), new RegExp(`POST /b ${sum(big)}`))
        assert.equal((await asked('GET', '/large')).body.length, 3_000_004)
        const none = await asked('GET', '/none')
        assert.deepEqual([none.status, none.body], [204, ''])
        assert.deepEqual((await asked('HEAD', '/head')).body, '')
        const denied = await asked('GET', '/secret/x')
        assert.deepEqual(
          [denied.status, denied.headers['proxy-status']],
          [403, 'sallyport; error=http_request_denied; details="denied"'],
        )
        assert.match(denied.body, /"rule":"no-secret"/)
        session?.destroy()
        assert.equal(lab.proxy.counts().totals.defects, 0)
        if (clientSpeaks === '2.0' && serverSpeaks === '2.0') assert.equal(server.sessions(), 1)
      })
    }
  }

  test('content is judged before any of it is passed on', async () => {
    const seen: string[] = []
    await using server = await startServer((each) => {
      describing(each)
      each.on('request', (request: Http2ServerRequest) => seen.push(request.url))
    })
    await using lab = await startInspecting(server, RULES)
    const session = await openSession(lab, server.port)
    const key = '-----BEGIN PRIVATE KEY-----\nMIG...'
    const post = (path: string, body: string) => ask(session, { ':method': 'POST', ':path': path }, body)
    const denied = await post('/upload/k', key)
    assert.match(denied.body, /"rule":"no-keys"/)
    assert.equal((await post('/upload/k', 'harmless')).status, 200)
    assert.deepEqual(seen, ['/upload/k'])
    session.destroy()
    await lab.recorded(3)
    assert.deepEqual(lab.records.find(({ rule }) => rule === 'no-keys')?.content, ['private-key'])
    assert.equal(lab.records.find(({ rule }) => rule === 'no-keys')?.httpVersion, '2.0')
  })

  test('gRPC: calls, streams both ways at once, and the status behind the body', async () => {
    await using server = await startServer((each) =>
      each.on('stream', (stream: ServerHttp2Stream, headers: IncomingHttpHeaders) => {
        stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true })
        stream.on('wantTrailers', () =>
          stream.sendTrailers({ 'grpc-status': '0', 'grpc-message': String(headers['te']) }),
        )
        stream.on('data', (message: Buffer) => stream.write(message))
        stream.on('end', () => stream.end())
      }),
    )
    await using lab = await startInspecting(server, RULES)
    const session = await openSession(lab, server.port)
    const headers = { ':method': 'POST', ':path': '/svc/Chat', 'content-type': 'application/grpc', te: 'trailers' }
    const unary = await ask(session, headers, Buffer.from([0, 0, 0, 0, 2, 1, 2]))
    assert.deepEqual(
      [unary.body, unary.trailers['grpc-status'], unary.trailers['grpc-message']],
      ['\0\0\0\0\x02\x01\x02', '0', 'trailers'],
    )
    const stream = session.request(headers)
    await once(stream, 'response')
    for (const word of ['first', 'second', 'third']) {
      stream.write(word)
      const [echoed] = (await once(stream, 'data', { signal: AbortSignal.timeout(3000) })) as [Buffer]
      assert.equal(echoed.toString(), word)
    }
    const trailers = once(stream, 'trailers')
    stream.end()
    assert.equal(((await trailers) as [Record<string, string>])[0]['grpc-status'], '0')
    session.destroy()
  })

  test('many requests at the same time go over one connection, and one that is given up takes no other along', async () => {
    const reset: number[] = []
    await using server = await startServer((each) =>
      each.on('stream', (stream: ServerHttp2Stream, headers: IncomingHttpHeaders) => {
        stream.on('error', () => {})
        stream.on('aborted', () => reset.push(stream.rstCode))
        if (headers[':path'] === '/hang') return
        stream.respond({ ':status': 200 })
        stream.end(String(headers[':path']))
      }),
    )
    await using lab = await startInspecting(server, RULES)
    const session = await openSession(lab, server.port)
    const hanging = session.request({ ':path': '/hang' })
    hanging.on('error', () => {})
    const answers = await Promise.all(Array.from({ length: 60 }, (_, at) => ask(session, { ':path': `/${at}` })))
    assert.deepEqual(
      answers.map(({ body }) => body),
      answers.map((_, at) => `/${at}`),
    )
    hanging.close(8)
    for (let waited = 0; reset.length === 0 && waited < 300; waited++)
      await new Promise((resolve) => setTimeout(resolve, 10))
    assert.deepEqual(reset, [2])
    assert.equal((await ask(session, { ':path': '/after' })).body, '/after')
    assert.equal(server.sessions(), 1)
    session.destroy()
    await lab.recorded(63)
  })

  test('a body that is cut does not look whole: the stream is reset', async () => {
    await using server = await startServer((each) =>
      each.on('stream', (stream: ServerHttp2Stream) => {
        stream.on('error', () => {})
        stream.respond({ ':status': 200 })
        stream.write('some')
        setTimeout(() => stream.destroy(new Error('cut')), 100)
      }),
    )
    await using lab = await startInspecting(server, RULES)
    const session = await openSession(lab, server.port)
    const answer = await ask(session, { ':path': '/' })
    assert.deepEqual([answer.status, answer.body, answer.rstCode], [200, 'some', 2])
    session.destroy()
    await lab.recorded(2)
    assert.equal(lab.records.find(({ via }) => via === 'tunnel')?.reason, 'response-incomplete')
  })

  test('the server is left when the client ends its connection, with and without a word', async () => {
    const left: Promise<unknown>[] = []
    await using server = await startServer((each) => {
      each.on('connection', (socket: Socket) => left.push(once(socket, 'close')))
      describing(each)
    })
    await using lab = await startInspecting(server, RULES, { timeouts: { keepAliveMs: 60_000, halfOpenMs: 60_000 } })
    const polite = await openSession(lab, server.port)
    await ask(polite, { ':path': '/' })
    polite.close()
    const rude = await openConnect(lab.port, `up.example.com:${server.port}`)
    const tls = connectTls({
      socket: rude,
      servername: 'up.example.com',
      rejectUnauthorized: false,
      ALPNProtocols: ['h2'],
    })
    await once(tls, 'secureConnect')
    tls.write('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0', 'latin1')
    await once(tls, 'data')
    tls.end()
    await lab.recorded(3)
    assert.equal(left.length, 2)
    await Promise.all(left)
  })

  test('a request for another host in the same tunnel is a flow of its own', async () => {
    await using server = await startServer(describing)
    await using lab = await startInspecting(server, RULES)
    const session = await openSession(lab, server.port)
    const other = await ask(session, { ':path': '/', ':authority': 'www.elsewhere.example' })
    assert.equal(other.status, 403)
    session.destroy()
  })
})

suite('HTTP/2 to the proxy, over TLS', () => {
  test('requests are fetched, refused and counted as those of HTTP/1.1', async () => {
    await using upstream = await startUpstream()
    await using lab = await startTlsLab()
    const session = connectHttp2(`https://127.0.0.1:${lab.port}`, { rejectUnauthorized: false })
    const to = { ':scheme': 'http', ':authority': `up.example.com:${upstream.port}`, ':path': '/x' }
    assert.deepEqual([(await ask(session, to)).status, (await ask(session, to)).body], [200, 'ok'])
    assert.match(upstream.received(), /^GET \/x HTTP\/1\.1\r\nHost: up\.example\.com:\d+\r\nVia: 2\.0 sallyport-/)
    const evil = await ask(session, { ...to, ':authority': 'bad.evil.example' })
    assert.match(evil.body, /"rule":"no-evil"/)
    const pac = await ask(session, {
      ':scheme': 'https',
      ':authority': `proxy.example:${lab.port}`,
      ':path': '/proxy.pac',
    })
    assert.match(pac.body, new RegExp(`"HTTPS proxy.example:${lab.port}"`))
    session.close()
    await lab.recorded(3)
    assert.equal(lab.proxy.counts().totals.connectionsHttp2, 1)
  })

  test('CONNECT makes a tunnel of a stream: TLS inside it, half-close, and other streams beside it', async () => {
    await using server = await startServer(describing, ['http/1.1'])
    await using lab = await startTlsLab()
    const session = connectHttp2(`https://127.0.0.1:${lab.port}`, { rejectUnauthorized: false })
    const tunnels = Array.from({ length: 3 }, async (_, at) => {
      const stream = session.request({ ':method': 'CONNECT', ':authority': `up.example.com:${server.port}` })
      const [headers] = (await once(stream, 'response')) as [Record<string, unknown>]
      assert.equal(headers[':status'], 200)
      const tls = connectTls({ socket: stream, servername: 'up.example.com', rejectUnauthorized: false })
      tls.write(`GET /t${at} HTTP/1.1\r\nHost: up.example.com\r\nConnection: close\r\n\r\n`)
      let text = ''
      for await (const piece of tls) text += (piece as Buffer).toString('latin1')
      return text
    })
    for (const [at, text] of (await Promise.all(tunnels)).entries()) assert.match(text, new RegExp(`GET /t${at} `))
    const denied = await ask(session, { ':method': 'CONNECT', ':authority': 'bad.evil.example:443' })
    assert.equal(denied.status, 403)
    session.close()
    await lab.recorded(4)
    assert.equal(lab.proxy.counts().openTunnels, 0)
  })

  test('a tunnel in a stream is judged by its first octets, and inspected, as any other', async () => {
    await using server = await startServer(describing)
    const { authority, serverCa } = await (async () => {
      const { CertificateAuthority, createAuthority } = await import('@sallyport/proxy')
      return {
        authority: await CertificateAuthority.open(await createAuthority('Lab', Date.now())),
        serverCa: server.cert,
      }
    })()
    const { labPolicy } = await import('../lab.fixture.ts')
    await using lab = await startTlsLab({ policy: labPolicy(RULES), inspect: { authority, never: [], serverCa } })
    const outer = connectHttp2(`https://127.0.0.1:${lab.port}`, { rejectUnauthorized: false })
    const stream = outer.request({ ':method': 'CONNECT', ':authority': `up.example.com:${server.port}` })
    await once(stream, 'response')
    const tls = connectTls({
      socket: stream,
      servername: 'up.example.com',
      rejectUnauthorized: false,
      ALPNProtocols: ['h2'],
    })
    await once(tls, 'secureConnect')
    const inner = connectHttp2('https://up.example.com', { createConnection: () => tls })
    inner.on('error', () => {})
    assert.equal((await ask(inner, { ':path': '/a' })).status, 200)
    assert.match((await ask(inner, { ':path': '/secret/a' })).body, /"rule":"no-secret"/)
    inner.destroy()
    outer.destroy()
  })

  test('a tunnel that nobody takes from holds no more than its window, and holds up no other stream', async () => {
    await using stuck = await startUpstream(() => {})
    stuck.server.on('connection', (socket) => socket.pause())
    await using echo = await startUpstream(
      (socket, received) => received.includes('END') && socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'),
    )
    await using lab = await startTlsLab()
    const session = connectHttp2(`https://127.0.0.1:${lab.port}`, { rejectUnauthorized: false })
    session.on('error', () => {})
    const stream = session.request({ ':method': 'CONNECT', ':authority': `127.0.0.1:${stuck.port}` })
    stream.on('error', () => {})
    await once(stream, 'response')
    stream.write('SSH-2.0-x\r\n')
    // More than the buffers of the kernel between here and there have room for.
    const octets = 8 * 2 ** 20
    stream.write(Buffer.alloc(octets))
    const headers = { ':scheme': 'http', ':method': 'POST', ':authority': `127.0.0.1:${echo.port}`, ':path': '/' }
    assert.equal((await ask(session, headers, `${'x'.repeat(1_000_000)}END`)).body, 'ok')
    assert.ok(stream.writableLength > 0, 'nothing is held back')
    session.destroy()
  })

  test('a proxy that drains lets requests end, and takes no new ones', async () => {
    let answer = (): void => {}
    await using upstream = await startUpstream(
      (socket) => (answer = () => void socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok')),
    )
    await using lab = await startTlsLab()
    const session = connectHttp2(`https://127.0.0.1:${lab.port}`, { rejectUnauthorized: false })
    session.on('error', () => {})
    const running = ask(session, { ':scheme': 'http', ':authority': `up.example.com:${upstream.port}`, ':path': '/' })
    for (let waited = 0; upstream.received() === '' && waited < 300; waited++)
      await new Promise((resolve) => setTimeout(resolve, 10))
    const drained = lab.proxy.drain()
    await once(session, 'goaway', { signal: AbortSignal.timeout(3000) })
    answer()
    assert.equal((await running).body, 'ok')
    await drained
  })
})
