import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, readFileSync, rmSync } from 'node:fs'
import { connect, createServer as createTcpServer, type AddressInfo, type Socket } from 'node:net'
import { userInfo } from 'node:os'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { startProxy, startProxyBy, startServer } from './proxy.fixture.ts'
import { folder, run, until } from './serving.fixture.ts'

const asRoot = { skip: userInfo().uid === 0 ? false : 'needs root' }

type Tunnel = { readonly socket: Socket; isOpen: boolean }

/** Tunnels to a server that says everything back, as many as can be made within the time. */
async function openTunnels(
  port: number,
  serverPort: number,
  count: number,
  mostMs: number,
): Promise<readonly Tunnel[]> {
  const authority = `127.0.0.1:${serverPort}`
  const late = AbortSignal.timeout(mostMs)
  return Promise.all(
    Array.from({ length: count }, async (): Promise<Tunnel> => {
      const tunnel = { socket: connect({ port, host: '127.0.0.1' }).on('error', () => {}), isOpen: false }
      tunnel.socket.write(`CONNECT ${authority} HTTP/1.1\r\nHost: ${authority}\r\n\r\n`)
      const answer = await Promise.race([
        once(tunnel.socket, 'data', { signal: late }),
        once(tunnel.socket, 'close'),
      ]).catch(() => [])
      tunnel.isOpen = String(answer[0]).startsWith('HTTP/1.1 200')
      if (tunnel.isOpen) tunnel.socket.write('SSH-2.0-lab\r\n')
      return tunnel
    }),
  )
}

async function startEcho(): Promise<AsyncDisposable & { readonly port: number }> {
  const sockets = new Set<Socket>()
  const server = createTcpServer((socket) => {
    sockets.add(socket.on('error', () => {}))
    socket.pipe(socket)
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    port: (server.address() as AddressInfo).port,
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) socket.destroy()
      server.close()
    },
  }
}

test('a full disk takes the log away and nothing else; SIGHUP begins it again', asRoot, async () => {
  using files = folder()
  const disk = files.path('disk')
  mkdirSync(disk)
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=16k', 'sallyport-test', disk])
  try {
    await using server = await startServer()
    await using proxy = await startProxy(files, '--workers', '1', '--access-log', `${disk}/log`)
    const urls = Array.from({ length: 60 }, () => ['-o', '/dev/null', server.url]).flat()
    assert.equal((await proxy.curl(...urls)).replaceAll(' ', ''), '200'.repeat(60))
    await until(() => proxy.notes.some((line) => line.includes('ENOSPC')))
    assert.equal(await proxy.curl(server.url), 'served 200')
    assert.equal(proxy.notes.filter((line) => line.includes('ENOSPC')).length, 1)
    rmSync(`${disk}/log`)
    await proxy.readAgain('read again')
    assert.ok(proxy.notes.some((line) => /\d+ lines of the access log are lost/.test(line)))
    assert.equal(await proxy.curl(server.url), 'served 200')
    await proxy.end()
    assert.equal(readFileSync(`${disk}/log`, 'utf8').trim().split('\n').length, 1)
  } finally {
    execFileSync('umount', ['-l', disk])
  }
})

test('without descriptors new requests fail, those there are go on, and it serves again when some are free', async () => {
  using files = folder()
  await using server = await startServer()
  await using echo = await startEcho()
  await using proxy = await startProxyBy(['prlimit', '--nofile=160:160'], files, '--workers', '1')
  const tunnels = await openTunnels(proxy.port, echo.port, 120, 2000)
  const open = tunnels.filter(({ isOpen }) => isOpen)
  assert.ok(open.length > 20 && open.length < 120, `${open.length} tunnels`)
  const first = open[0]!.socket
  first.write('more\r\n')
  await once(first, 'data')
  const refused = await proxy.curl(server.url).catch((error: { stderr: string }) => error.stderr)
  assert.match(refused, / 502$|Recv failure|Empty reply|timed out|refused/i)
  for (const { socket } of tunnels) socket.destroy()
  await sleep(300)
  assert.equal(await proxy.curl(server.url), 'served 200')
  assert.equal(proxy.child.exitCode, null)
})

test('a worker that is killed under load takes its own tunnels with it, and no other', async () => {
  using files = folder()
  await using echo = await startEcho()
  await using server = await startServer()
  await using proxy = await startProxy(files, '--workers', '2')
  const tunnels = await openTunnels(proxy.port, echo.port, 60, 10_000)
  const sockets = tunnels.map(({ socket }) => socket)
  assert.ok(tunnels.every(({ isOpen }) => isOpen))
  const said = new Map(sockets.map((socket) => [socket, 0]))
  for (const socket of sockets) socket.on('data', () => said.set(socket, said.get(socket)! + 1))
  const { stdout } = await run('pgrep', ['-P', String(proxy.child.pid)])
  process.kill(Number(stdout.split('\n')[0]), 'SIGKILL')
  await until(() => proxy.notes.some((line) => line.includes('another takes its place')))
  await sleep(100)
  const alive = sockets.filter((socket) => !socket.destroyed)
  for (const socket of alive) said.set(socket, 0)
  for (const socket of alive) socket.write('still there\r\n')
  await until(() => alive.every((socket) => said.get(socket)! > 0))
  for (let index = 0; index < 5; index++) assert.equal(await proxy.curl(server.url), 'served 200')
  for (const socket of sockets) socket.destroy()
})
