import assert from 'node:assert/strict'
import { execFileSync, spawn, type ChildProcess } from 'node:child_process'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { chmodSync, copyFileSync, mkdtempSync, realpathSync, rmSync } from 'node:fs'
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net'
import { tmpdir, userInfo } from 'node:os'
import { join } from 'node:path'
import { after, before, suite, test } from 'node:test'
import { LocalClients, type LocalClient } from '@sallyport/agent/local-clients'
import { parseAddress } from '@sallyport/net'

const PYTHON = realpathSync('/usr/bin/python3')
const CONNECT = `import socket, sys, time
s = socket.create_connection(("127.0.0.1", int(sys.argv[1])))
`
const isRoot = userInfo().uid === 0

suite('who is behind a connection from this host', () => {
  let server: Server
  let port: number
  let clients: LocalClients
  let folder: string
  const children: ChildProcess[] = []
  const accepting = new Set<Socket>()

  before(async () => {
    server = createServer((socket) => void accepting.add(socket.on('error', () => {})))
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    port = (server.address() as AddressInfo).port
    clients = new LocalClients()
    folder = mkdtempSync(join(tmpdir(), 'sallyport-clients-'))
  })
  after(async () => {
    for (const child of children) child.kill('SIGKILL')
    for (const socket of accepting) socket.destroy()
    await clients[Symbol.asyncDispose]()
    server.close()
    rmSync(folder, { recursive: true, force: true })
  })

  const accepted = async (...command: readonly string[]): Promise<Socket> => {
    const socket = once(server, 'connection', { signal: AbortSignal.timeout(10_000) }) as Promise<[Socket]>
    children.push(spawn(command[0]!, [...command.slice(1), String(port)], { stdio: 'ignore' }))
    return (await socket)[0]
  }
  const find = (socket: Socket): Promise<LocalClient> | null =>
    clients.find(
      {
        transport: 'tcp',
        local: { address: parseAddress(socket.remoteAddress!)!, port: socket.remotePort! },
        remote: { address: parseAddress(socket.localAddress!)!, port: socket.localPort! },
      },
      true,
    )

  test('has its user, its groups, its program and what that is', async () => {
    const found = await find(await accepted(PYTHON, '-c', `${CONNECT}time.sleep(60)`))
    assert.equal(found?.user, userInfo().username)
    assert.ok(found.groups!.length > 0)
    assert.equal(found.app, PYTHON)
    assert.equal(found.appSha256, execFileSync('sha256sum', [PYTHON], { encoding: 'utf8' }).slice(0, 64))
    assert.ok('unit' in found)
  })

  test('has the user that it became', { skip: isRoot ? false : 'only root becomes somebody else' }, async () => {
    const found = await find(
      await accepted('setpriv', '--reuid', '65534', '--clear-groups', PYTHON, '-c', `${CONNECT}time.sleep(60)`),
    )
    assert.equal(found?.user, 'nobody')
    assert.equal(found.app, PYTHON)
  })

  test(
    'has the user that started a setuid program',
    { skip: isRoot ? false : 'only root gives files away' },
    async () => {
      const copy = join(folder, 'setuid')
      copyFileSync(PYTHON, copy)
      chmodSync(folder, 0o755)
      chmodSync(copy, 0o4755)
      const found = await find(
        await accepted('setpriv', '--reuid', '65534', '--clear-groups', copy, '-c', `${CONNECT}time.sleep(60)`),
      )
      assert.equal(found?.user, 'nobody')
    },
  )

  test('is the copy of a program under its own path', async () => {
    const copy = join(folder, 'python3')
    copyFileSync(PYTHON, copy)
    assert.equal((await find(await accepted(copy, '-c', `${CONNECT}time.sleep(60)`)))?.app, realpathSync(copy))
  })

  test(
    'has no program where another file is mounted over its path',
    { skip: isRoot ? false : 'mounts need root' },
    async () => {
      const copy = join(folder, 'disguised')
      copyFileSync(PYTHON, copy)
      const script = `mount --bind ${copy} /usr/bin/wc && exec /usr/bin/wc -c "$0" "$1"`
      const found = await find(await accepted('unshare', '--mount', 'sh', '-c', script, `${CONNECT}time.sleep(60)`))
      assert.equal(found?.user, 'root')
      assert.equal(found.app, undefined)
    },
  )

  test('has no program where two programs share the socket', async () => {
    const shared = `${CONNECT}import subprocess
s.set_inheritable(True)
subprocess.Popen(["sleep", "60"], close_fds=False)
s.send(b"x")
time.sleep(60)`
    const socket = await accepted(PYTHON, '-c', shared)
    await once(socket, 'data')
    // Until exec the child still is Python.
    let found: LocalClient | null
    do found = await find(socket)
    while (found?.app !== undefined)
    assert.equal(found?.user, userInfo().username)
  })

  test('is nobody once its socket is gone, and never whoever has the port next', async () => {
    const socket = connect({ port, host: '127.0.0.1' })
    const [peer] = (await once(server, 'connection')) as [Socket]
    const end = { address: parseAddress('127.0.0.1')!, port: peer.remotePort! }
    socket.destroy()
    await once(peer.resume(), 'close')
    assert.deepEqual(await clients.find({ transport: 'tcp', local: end, remote: { ...end, port } }, true), {})
    assert.deepEqual(
      await clients.find({ transport: 'tcp', local: { ...end, port: 1 }, remote: { ...end, port } }, true),
      {},
    )
  })

  for (const [how, family, send] of [
    ['connected', 'AF_INET', 's.connect(to); s.send(b"x")'],
    ['not connected', 'AF_INET', 's.sendto(b"x", to)'],
    ['of IPv6 that speaks IPv4', 'AF_INET6', 's.sendto(b"x", ("::ffff:127.0.0.1", to[1]))'],
  ] as const) {
    test(`is known for datagrams, too: a socket ${how}`, async () => {
      const receiver = createSocket('udp4').bind(0, '127.0.0.1')
      await once(receiver, 'listening')
      const script = `import socket, sys, time
s = socket.socket(socket.${family}, socket.SOCK_DGRAM)
to = ("127.0.0.1", int(sys.argv[1]))
${send}
sys.stdin.read(1)
s.close()
print("closed", flush=True)
sys.stdin.read(1)`
      const child = spawn(PYTHON, ['-c', script, String(receiver.address().port)], {
        stdio: ['pipe', 'pipe', 'inherit'],
      })
      children.push(child)
      const [, { port: from }] = (await once(receiver, 'message')) as [Buffer, { readonly port: number }]
      const address = parseAddress('127.0.0.1')!
      const ends = {
        transport: 'udp',
        local: { address, port: from },
        remote: { address, port: receiver.address().port },
      } as const
      const found = await clients.find(ends, true)
      assert.equal(found?.user, userInfo().username)
      assert.equal(found.app, PYTHON)
      child.stdin.write('x')
      await once(child.stdout, 'data')
      assert.deepEqual(await clients.find(ends, true), {})
      receiver.close()
    })
  }

  test('is not looked for on another host', () => {
    const address = parseAddress('192.0.2.77')!
    assert.equal(clients.find({ transport: 'tcp', local: { address, port: 5 }, remote: { address, port } }, true), null)
  })

  test('is found for many connections at once', async () => {
    const sockets = Array.from({ length: 200 }, () => connect({ port, host: '127.0.0.1' }))
    await Promise.all(sockets.map((socket) => once(socket, 'connect')))
    const remote = { address: parseAddress('127.0.0.1')!, port }
    const found = await Promise.all(
      sockets.map(({ localPort }) =>
        clients.find({ transport: 'tcp', local: { ...remote, port: localPort! }, remote }, true),
      ),
    )
    assert.deepEqual(new Set(found.map((each) => each?.app)), new Set([realpathSync(process.execPath)]))
    for (const socket of sockets) socket.destroy()
  })

  test('that finds no room, or is not told in time, is counted', async () => {
    await using few = new LocalClients(1)
    const address = parseAddress('127.0.0.1')!
    const ends = { transport: 'tcp', local: { address, port: 1 }, remote: { address, port } } as const
    const all = await Promise.all([few.find(ends, false), few.find(ends, false), few.find(ends, false)])
    assert.deepEqual(all, [{}, {}, {}])
    assert.equal(few.counters().full, 2)
    assert.equal(few.counters().looked + few.counters().late, 1)
  })
})
