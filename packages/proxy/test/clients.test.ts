import assert from 'node:assert/strict'
import { execFile, execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer as createHttpServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { createServer as createHttpsServer } from 'node:https'
import type { AddressInfo, Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, suite, test } from 'node:test'
import { promisify } from 'node:util'
import { authenticateBy, readUsers, type PasswordEntry } from '@sallyport/proxy'
import { hashSync } from 'bcryptjs'
import { labPolicy, OPEN_RULES, startLab, type Lab } from './lab.fixture.ts'
import { madeCertificate } from './tls.fixture.ts'

const run = promisify(execFile)
const has = (command: string): boolean => {
  try {
    execFileSync('sh', ['-c', `command -v ${command}`], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}

/** Says method, path and the SHA-256 of the body; `/chunked`, `/large` and a WebSocket echo are special. */
function serve(request: IncomingMessage, response: ServerResponse): void {
  const hash = createHash('sha256')
  request.on('data', (piece: Buffer) => hash.update(piece))
  request.on('end', () => {
    if (request.url === '/large') return response.end(Buffer.alloc(5_000_000, 'x'))
    const hasTrailer = request.url === '/chunked'
    if (hasTrailer) response.setHeader('trailer', 'x-sum')
    response.write(`${request.method} ${request.url} `)
    if (hasTrailer) response.addTrailers({ 'x-sum': '9' })
    response.end(hash.digest('hex').slice(0, 8))
  })
}

/** RFC 6455: the handshake, then every frame of text back. */
function upgrade(request: IncomingMessage, socket: Socket): void {
  const accept = createHash('sha1')
    .update(`${request.headers['sec-websocket-key']}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`)
    .digest('base64')
  socket.write(
    `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`,
  )
  socket.on('data', (frame: Buffer) => {
    const length = frame[1]! & 127
    const mask = frame.subarray(2, 6)
    const text = frame.subarray(6, 6 + length).map((octet, index) => octet ^ mask[index % 4]!)
    socket.write(Buffer.from([0x81, text.length, ...text]))
  })
  socket.on('error', () => {})
}

suite('clients as they are', () => {
  let lab: Lab
  let closed: Lab
  let plain: Server
  let secure: Server
  let http: string
  let https: string
  let folder: string
  let env: NodeJS.ProcessEnv
  before(async () => {
    const users = readUsers(`ann:${hashSync('secret', 4)}:staff\n`) as ReadonlyMap<string, PasswordEntry>
    lab = await startLab({ policy: labPolicy(OPEN_RULES) })
    closed = await startLab({ authenticate: authenticateBy({ users, tokens: null, isRequired: true }) })
    plain = createHttpServer(serve).on('upgrade', upgrade)
    secure = createHttpsServer(madeCertificate('up.example.com'), serve).on('upgrade', upgrade)
    for (const server of [plain, secure]) {
      server.listen(0, '127.0.0.1')
      await once(server, 'listening')
    }
    http = `http://up.example.com:${(plain.address() as AddressInfo).port}`
    https = `https://up.example.com:${(secure.address() as AddressInfo).port}`
    folder = mkdtempSync(join(tmpdir(), 'sallyport-clients-'))
    const proxy = `http://127.0.0.1:${lab.port}`
    env = {
      ...process.env,
      http_proxy: proxy,
      https_proxy: proxy,
      HTTP_PROXY: proxy,
      HTTPS_PROXY: proxy,
      no_proxy: '',
      NO_PROXY: '',
    }
  })
  after(async () => {
    for (const server of [plain, secure]) {
      server.closeAllConnections()
      server.close()
    }
    rmSync(folder, { recursive: true, force: true })
    await closed[Symbol.asyncDispose]()
    await lab[Symbol.asyncDispose]()
  })

  const curl = async (...args: readonly string[]): Promise<string> =>
    (await run('curl', ['-sS', '-k', '-m', '10', ...args], { maxBuffer: 2 ** 24 })).stdout

  for (const [name, proxy] of [
    ['-x http://', (port: number) => ['-x', `http://127.0.0.1:${port}`]],
    ['-x, tunnel for all', (port: number) => ['-p', '-x', `http://127.0.0.1:${port}`]],
    ['-x, HTTP/1.0', (port: number) => ['--proxy1.0', `127.0.0.1:${port}`]],
    ['--socks5-hostname', (port: number) => ['--socks5-hostname', `127.0.0.1:${port}`]],
    ['-x socks5h://', (port: number) => ['-x', `socks5h://127.0.0.1:${port}`]],
  ] as const) {
    test(`curl ${name}`, async () => {
      const via = proxy(lab.port)
      assert.match(await curl(...via, `${http}/a`), /^GET \/a/)
      assert.match(await curl(...via, `${https}/a`), /^GET \/a/)
      assert.match(await curl(...via, `${https}/a`, `${https}/b`), /GET \/a .*GET \/b/)
      const sum = createHash('sha256').update('x'.repeat(100_000)).digest('hex').slice(0, 8)
      writeFileSync(join(folder, 'body'), 'x'.repeat(100_000))
      assert.match(await curl(...via, '-T', join(folder, 'body'), `${http}/put`), new RegExp(sum))
      const chunked = [
        '-H',
        'Transfer-Encoding: chunked',
        '-H',
        'Expect: 100-continue',
        '--data-binary',
        `@${join(folder, 'body')}`,
      ]
      assert.match(await curl(...via, ...chunked, `${http}/chunked`), new RegExp(`POST /chunked ${sum}`))
      assert.equal((await curl(...via, `${http}/large`)).length, 5_000_000)
      assert.equal(await curl(...via, '-I', '-o', '/dev/null', '-w', '%{http_code}', `${http}/head`), '200')
    })
  }

  test('curl --socks5, which looks names up itself', async () => {
    const url = https.replace('up.example.com', '127.0.0.1')
    assert.match(await curl('--socks5', `127.0.0.1:${lab.port}`, `${url}/a`), /^GET \/a/)
  })

  test('curl --preproxy: one proxy through another', async () => {
    await using second = await startLab()
    const via = ['--preproxy', `socks5h://127.0.0.1:${lab.port}`, '-x', `http://127.0.0.1:${second.port}`]
    for (const url of [http, https]) assert.match(await curl(...via, `${url}/a`), /^GET \/a/)
    await second.recorded(2)
    assert.equal(second.records.length, 2)
  })

  test('curl --proxy-user, --proxy-basic, --proxy-anyauth and --socks5-basic', async () => {
    const proxy = ['-x', `http://127.0.0.1:${closed.port}`]
    const login = ['-U', 'ann:secret']
    assert.match(await curl(...proxy, ...login, `${http}/a`), /^GET \/a/)
    assert.match(await curl(...proxy, ...login, `${https}/a`), /^GET \/a/)
    assert.match(await curl(...proxy, ...login, '--proxy-anyauth', `${https}/a`), /^GET \/a/)
    assert.match(await curl('-x', `socks5h://ann:secret@127.0.0.1:${closed.port}`, `${http}/a`), /^GET \/a/)
    assert.match(
      await curl('-x', `socks5h://ann:secret@127.0.0.1:${closed.port}`, '--socks5-basic', `${https}/a`),
      /^GET \/a/,
    )
    assert.match(
      await curl(...proxy, '-w', '%{http_connect}', '-o', '/dev/null', '-s', `${https}/a`).catch(
        (error: { stdout: string }) => error.stdout,
      ),
      /407/,
    )
  })

  test('wget', { skip: has('wget') ? false : 'wget is not installed' }, async () => {
    for (const url of [http, https]) {
      const { stdout } = await run(
        'wget',
        ['-q', '-O', '-', '--no-check-certificate', '-T', '5', '-t', '1', `${url}/w`],
        { env },
      )
      assert.match(stdout, /^GET \/w/)
    }
  })

  test('git clones over HTTP through the proxy', async () => {
    const git = (...args: readonly string[]): void => void execFileSync('git', args, { cwd: folder, stdio: 'ignore' })
    git('init', '-q', '-b', 'main', 'repo')
    const author = ['-c', 'user.name=t', '-c', 'user.email=t@example.com']
    git('-C', 'repo', ...author, 'commit', '-q', '--allow-empty', '-m', 'first')
    git('clone', '-q', '--bare', 'repo', 'repo.git')
    git('-C', 'repo.git', 'update-server-info')
    const python = ['-m', 'http.server', '0', '--bind', '127.0.0.1', '-d', folder]
    const server = execFile('python3', ['-u', ...python])
    const [line] = (await once(server.stdout!, 'data')) as [string]
    const port = /port (\d+)/.exec(line)![1]
    try {
      await run('git', ['clone', '-q', `http://up.example.com:${port}/repo.git`, 'clone'], { cwd: folder, env })
      const { stdout } = await run('git', ['-C', 'clone', 'log', '--format=%s'], { cwd: folder })
      assert.equal(stdout, 'first\n')
    } finally {
      server.kill('SIGKILL')
    }
  })

  test('Python', async () => {
    const script = `import ssl, sys, urllib.request
context = ssl._create_unverified_context()
opener = urllib.request.build_opener(urllib.request.ProxyHandler(), urllib.request.HTTPSHandler(context=context))
for url in sys.argv[1:]: print(opener.open(url, timeout=5).read().decode())`
    const { stdout } = await run('python3', ['-c', script, `${http}/p`, `${https}/p`], { env })
    assert.match(stdout, /^GET \/p \w+\nGET \/p \w+\n$/)
  })

  test("Go's http client (hey), some at once", { skip: has('hey') ? false : 'hey is not installed' }, async () => {
    const before = lab.records.length
    const options = ['-n', '20', '-c', '4', '-x', `http://127.0.0.1:${lab.port}`]
    // By itself it would state the port in the server name, too.
    for (const more of [[`${http}/g`], ['-host', 'up.example.com', `${https}/g`]]) {
      const { stdout } = await run('hey', [...options, ...more])
      assert.match(stdout, /\[200\]\s+20 responses/)
    }
    await lab.recorded(before + 20 + 4)
    const agents = (via: string): number =>
      lab.records.filter((record) => record.via === via && /^hey|^Go-http-client/.test(record.userAgent ?? '')).length
    assert.equal(agents('http'), 20)
    assert.ok(agents('connect') >= 4, 'as many tunnels as are wanted at once')
  })

  test("Node's fetch (undici) and its http module", async () => {
    const script = `for (const url of process.argv.slice(1)) console.log(await (await fetch(url)).text(), await new Promise(async (resolve) =>
      (await import(url.startsWith('https') ? 'node:https' : 'node:http')).get(url, (r) => r.setEncoding('utf8').on('data', resolve))))`
    const own = { ...env, NODE_USE_ENV_PROXY: '1', NODE_TLS_REJECT_UNAUTHORIZED: '0' }
    const args = ['--no-warnings', '--input-type=module', '-e', script, `${http}/n`, `${https}/n`]
    const { stdout } = await run(process.execPath, args, { env: own })
    assert.match(stdout, /^GET \/n \w+ GET \/n.*\nGET \/n \w+ GET \/n/)
  })

  test('npm asks its registry through the proxy', { skip: has('npm') ? false : 'npm is not installed' }, async () => {
    const registry = createHttpServer((_, response) =>
      response.end('{"name":"x","dist-tags":{"latest":"1.2.3"},"versions":{"1.2.3":{"name":"x","version":"1.2.3"}}}'),
    )
    registry.listen(0, '127.0.0.1')
    await once(registry, 'listening')
    const url = `http://up.example.com:${(registry.address() as AddressInfo).port}/`
    const args = [
      'view',
      'x',
      'version',
      '--registry',
      url,
      '--proxy',
      `http://127.0.0.1:${lab.port}`,
      '--noproxy',
      '',
      '--cache',
      join(folder, 'npm'),
    ]
    const { stdout } = await run('npm', args, { env: { ...env, npm_config_update_notifier: 'false' } })
    registry.closeAllConnections()
    registry.close()
    assert.equal(stdout.trim(), '1.2.3')
  })

  test('ssh -o ProxyCommand: nc and socat carry the banner', async () => {
    const server = (await import('node:net')).createServer((socket) => socket.write('SSH-2.0-lab\r\n').valueOf())
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    const { port } = server.address() as AddressInfo
    const commands = [
      `nc -X connect -x 127.0.0.1:${lab.port} up.example.com ${port}`,
      `nc -X 5 -x 127.0.0.1:${lab.port} 127.0.0.1 ${port}`,
      `socat - PROXY:127.0.0.1:up.example.com:${port},proxyport=${lab.port}`,
    ]
    for (const command of commands) {
      const { stdout } = await run('sh', [
        '-c',
        `(printf 'SSH-2.0-client\\r\\n'; sleep 0.3) | timeout 1 ${command} || true`,
      ])
      assert.equal(stdout, 'SSH-2.0-lab\r\n', command)
    }
    if (has('ssh')) {
      const options = [
        '-o',
        `ProxyCommand=${commands[0]}`,
        '-o',
        'StrictHostKeyChecking=no',
        '-o',
        'ConnectTimeout=2',
        '-v',
      ]
      const result = await run('timeout', ['3', 'ssh', ...options, 'up.example.com']).catch(
        (error: { stderr: string }) => error,
      )
      assert.match(result.stderr, /remote software version lab/i)
    }
    server.close()
  })

  test('a WebSocket, in absolute form, in a tunnel and over TLS', async () => {
    const key = 'dGhlIHNhbXBsZSBub25jZQ=='
    const fields = `Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${key}\r\n\r\n`
    const authority = http.slice('http://'.length)
    const frame = Uint8Array.from([0x81, 0x82, 1, 2, 3, 4, 0x68 ^ 1, 0x69 ^ 2])
    const direct = await lab.send(`GET ${http}/ws HTTP/1.1\r\nHost: ${authority}\r\n${fields}`, frame)
    assert.match(direct, /101 Switching[^]*s3pPLMBiTxaQ9kYGzzhZRbK\+xOo=/)
    assert.ok(direct.endsWith('\x81\x02hi'))
    const tunnelled = await lab.send(
      `CONNECT ${authority} HTTP/1.1\r\nHost: ${authority}\r\n\r\n`,
      `GET /ws HTTP/1.1\r\nHost: ${authority}\r\n${fields}`,
      frame,
    )
    assert.match(tunnelled, /101 Switching/)
    assert.ok(tunnelled.endsWith('\x81\x02hi'))
  })
})
