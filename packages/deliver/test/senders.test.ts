import assert from 'node:assert/strict'
import { execFileSync, spawn } from 'node:child_process'
import { createHmac, randomBytes } from 'node:crypto'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer as createHttpServer, type IncomingHttpHeaders } from 'node:http'
import { createServer as createTcpServer, type AddressInfo, type Server, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { suite, test, type TestContext } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { createServer as createTlsServer } from 'node:tls'
import { openSender, parseTarget } from '../src/index.ts'
import { alert, flow, ORIGIN } from './messages.ts'

async function listen(context: TestContext, server: Server): Promise<number> {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const sockets = new Set<Socket>()
  server.on('connection', (socket) => sockets.add(socket))
  context.after(async () => {
    for (const socket of sockets) socket.destroy()
    await new Promise((resolve) => server.close(resolve))
  })
  return (server.address() as AddressInfo).port
}

/** RFC 6587 §3.4.1: octets are counted. */
function frames(bytes: Buffer): readonly string[] {
  const space = bytes.indexOf(32)
  if (space < 0) return []
  const end = space + 1 + Number(bytes.toString('latin1', 0, space))
  return [bytes.toString('utf8', space + 1, end), ...frames(bytes.subarray(end))]
}

suite('what a receiver gets', () => {
  test('a webhook: an array of JSON, with the credentials and headers of the target', async (context) => {
    const answers = [500, 302, 413, 200]
    const asked: { url: string; authorization: string; key: string; body: unknown }[] = []
    const server = createHttpServer(async (request, response) => {
      let body = ''
      for await (const chunk of request) body += String(chunk)
      const { authorization = '', 'x-key': key } = request.headers
      asked.push({ url: request.url!, authorization, key: String(key), body: JSON.parse(body) })
      response.writeHead(answers.shift()!, { location: 'http://127.0.0.1:1/' }).end()
    })
    const port = await listen(context, server)
    const folder = mkdtempSync(join(tmpdir(), 'sallyport-target-'))
    context.after(() => rmSync(folder, { recursive: true }))
    const file = join(folder, 'target.json')
    writeFileSync(
      file,
      JSON.stringify({ url: `http://u:p%40@127.0.0.1:${port}/in?format=ocsf`, headers: { 'x-key': 'k' } }),
    )
    await using sender = openSender(parseTarget(`@${file}`), ORIGIN)
    await assert.rejects(sender.send([alert('1')]), /500/)
    assert.equal(await sender.send([alert('1')]), 'refused', 'a redirection is not followed')
    assert.equal(await sender.send([alert('1'), flow()]), 'not-together')
    assert.equal(await sender.send([alert('1'), flow()]), 'sent')
    const { url, authorization, key, body } = asked.at(-1)!
    assert.deepEqual([url, authorization, key], ['/in', `Basic ${Buffer.from('u:p@').toString('base64')}`, 'k'])
    assert.deepEqual(
      (body as { class_uid: number }[]).map((each) => each.class_uid),
      [2004, 4001],
    )
  })

  test('a webhook with a secret: whoever has it knows the call, and the call that is made again', async (context) => {
    const calls: { headers: IncomingHttpHeaders; body: string }[] = []
    const server = createHttpServer(async (request, response) => {
      let body = ''
      for await (const chunk of request) body += String(chunk)
      calls.push({ headers: request.headers, body })
      response.writeHead(calls.length === 1 ? 503 : 200).end()
    })
    const port = await listen(context, server)
    const folder = mkdtempSync(join(tmpdir(), 'sallyport-target-'))
    context.after(() => rmSync(folder, { recursive: true }))
    const key = randomBytes(24)
    const file = join(folder, 'target.json')
    const write = (url: string): void =>
      writeFileSync(file, JSON.stringify({ url, secret: `whsec_${key.toString('base64')}` }))
    write(`http://127.0.0.1:${port}/`)
    await using sender = openSender(parseTarget(`@${file}`), ORIGIN)
    await assert.rejects(sender.send([alert('1')]), /503/)
    assert.equal(await sender.send([alert('1')]), 'sent')
    const ids = calls.map(({ headers, body }) => {
      const { 'webhook-id': id, 'webhook-timestamp': time, 'webhook-signature': signature } = headers
      const expected = createHmac('sha256', key)
        .update(`${String(id)}.${String(time)}.${body}`)
        .digest('base64')
      assert.equal(signature, `v1,${expected}`)
      assert.ok(Math.abs(Number(time) * 1000 - Date.now()) < 60_000)
      return id
    })
    assert.equal(ids[0], ids[1])
    write('syslog+udp://127.0.0.1')
    assert.throws(() => parseTarget(`@${file}`), /only a webhook is signed/)
  })

  test('syslog over TCP: counted frames on one connection, another one when it broke', async (context) => {
    const open: { readonly socket: Socket; bytes: Buffer }[] = []
    const server = createTcpServer((socket) => {
      const connection = { socket, bytes: Buffer.alloc(0) }
      open.push(connection)
      socket.on('data', (chunk: Buffer) => (connection.bytes = Buffer.concat([connection.bytes, chunk])))
      socket.on('error', () => {})
    })
    const port = await listen(context, server)
    const sender = openSender(parseTarget(`syslog+tcp://127.0.0.1:${port}?format=cef`), ORIGIN)
    const until = async (holds: () => boolean): Promise<void> => {
      for (let tries = 0; !holds() && tries < 500; tries++) await sleep(10)
    }
    await sender.send([alert('1'), flow({ user: 'änn' })])
    await sender.send([alert('2')])
    await until(() => frames(open[0]?.bytes ?? Buffer.alloc(0)).length === 3)
    assert.deepEqual(
      frames(open[0]!.bytes).map((line) => /CEF:0.*externalId=(\S+)/.exec(line)?.[1]),
      ['1', '00000000000000aa', '2'],
    )
    open[0]!.socket.destroy()
    for (let tries = 0; open.length < 2 && tries < 100; tries++) {
      await sender.send([alert('3')]).catch(() => {})
      await sleep(10)
    }
    await until(() => frames(open[1]?.bytes ?? Buffer.alloc(0)).length > 0)
    assert.match(frames(open[1]!.bytes)[0]!, /externalId=3/)
    await sender[Symbol.asyncDispose]()
  })

  test('syslog over TLS: nothing goes to a server whose certificate is not trusted', async (context) => {
    const folder = mkdtempSync(join(tmpdir(), 'sallyport-tls-'))
    context.after(() => rmSync(folder, { recursive: true }))
    const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')]
    const subject = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost']
    const make = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2']
    execFileSync('openssl', [...make, '-keyout', key, '-out', cert, ...subject], { stdio: 'ignore' })
    const server = createTlsServer({ key: readFileSync(key), cert: readFileSync(cert) })
    server.on('tlsClientError', () => {})
    const port = await listen(context, server)
    await using sender = openSender(parseTarget(`syslog+tls://localhost:${port}`), ORIGIN)
    await assert.rejects(sender.send([alert('1')]), /self-signed/)
  })

  test('syslog over UDP: a datagram each', async (context) => {
    const receiver = createSocket('udp4')
    context.after(() => receiver.close())
    receiver.bind(0, '127.0.0.1')
    await once(receiver, 'listening')
    await using sender = openSender(parseTarget(`syslog+udp://127.0.0.1:${receiver.address().port}`), ORIGIN)
    const first = once(receiver, 'message') as Promise<[Buffer]>
    assert.equal(await sender.send([alert('1')]), 'sent')
    assert.match(String((await first)[0]), /^<131>1 .* alert - \{"alert":\{"id":"1"/)
    const large = flow({ boundNames: Array.from({ length: 9000 }, () => 'a.example') })
    assert.equal(await sender.send([alert('2'), large]), 'not-together')
  })

  test('mail: one for all alerts of a call, through the SMTP server of Python', async (context) => {
    const script = [
      'import asyncore, smtpd, sys',
      'class Server(smtpd.SMTPServer):',
      '    def process_message(self, peer, sender, to, data, **options):',
      "        print(sender, ','.join(to), data.decode().replace('\\r', '').replace('\\n', '~'), flush=True)",
      "        return '550 no' if 'refused' in to[0] else None",
      "server = Server(('127.0.0.1', 0), None)",
      'print(server.socket.getsockname()[1], flush=True)',
      'asyncore.loop()',
    ].join('\n')
    const child = spawn('/usr/bin/python3', ['-W', 'ignore', '-c', script], { stdio: ['ignore', 'pipe', 'inherit'] })
    context.after(async () => {
      child.kill()
      await once(child, 'exit')
    })
    const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
    const port = (await lines.next()).value as string
    await using sender = openSender(
      parseTarget(`smtp://127.0.0.1:${port}?from=s@h.example&to=a@h.example,b@h.example`),
      ORIGIN,
    )
    assert.equal(await sender.send([alert('1'), alert('2')]), 'sent')
    const mail = (await lines.next()).value as string
    assert.match(mail, /^s@h\.example a@h\.example,b@h\.example /)
    assert.match(mail, /~Subject: \[sallyport host-1\] 2 alerts~/)
    assert.match(mail, /high: ann calls a\.example every 60 s~.*alert 1~.*alert 2/)
    await using other = openSender(
      parseTarget(`smtp://127.0.0.1:${port}?from=s@h.example&to=refused@h.example`),
      ORIGIN,
    )
    assert.equal(await other.send([alert('3')]), 'refused')
  })

  test('mail: a password goes to no server that has no TLS, unless it is on this machine', async (context) => {
    const said: string[] = []
    const server = createTcpServer((socket) => {
      socket.on('error', () => {})
      socket.write('220 h ESMTP\r\n')
      socket.on('data', (chunk: Buffer) => {
        said.push(String(chunk))
        socket.write(String(chunk).startsWith('EHLO') ? '250-h\r\n250 AUTH PLAIN\r\n' : '502 no\r\n')
      })
    })
    const port = await listen(context, server)
    // The same server by an address that is not written as loopback.
    await using sender = openSender(
      parseTarget(`smtp://u:secret@[::ffff:127.0.0.1]:${port}?from=s@h.example&to=a@h.example`),
      ORIGIN,
    )
    await sender.send([alert('1')]).catch(() => {})
    assert.ok(said.some((line) => line.startsWith('STARTTLS')))
    assert.ok(!said.some((line) => line.startsWith('AUTH')), said.join())
  })

  test('a target that is none is an error that says what there is, and keeps its secrets', () => {
    for (const text of ['ftp://u:secret@h/', 'smtp://u:secret@h', 'nothing', 'https://h/?format=xml'])
      assert.throws(
        () => parseTarget(text),
        (error: Error & { code?: string }) => error.code === 'usage' && !error.message.includes('secret'),
      )
  })
})
