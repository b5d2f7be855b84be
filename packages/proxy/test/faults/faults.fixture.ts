import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, readlinkSync } from 'node:fs'
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import type { ProxyOptions } from '@sallyport/proxy'
import { startLab, type Lab } from '../lab.fixture.ts'

/** Whatever waits for somebody else waits no longer than one of these. */
export const QUICK = {
  headMs: 150,
  keepAliveMs: 300,
  bodyIdleMs: 200,
  resolveMs: 150,
  connectMs: 150,
  responseMs: 500,
  icapMs: 200,
  handshakeMs: 200,
  tunnelIdleMs: 400,
  halfOpenMs: 200,
} as const
/** Far above the sum of all times that may pass one after another, and far below the usual ones. */
export const BOUND_MS = 4000

export const sockets = (): number =>
  readdirSync('/proc/self/fd').filter((fd) => {
    try {
      return readlinkSync(`/proc/self/fd/${fd}`).startsWith('socket:')
    } catch {
      return false
    }
  }).length

export type Listening = AsyncDisposable & { readonly port: number }

/** A server of plain octets that does to each connection what it is told. */
export async function startFault(onConnection: (socket: Socket) => unknown): Promise<Listening> {
  const open = new Set<Socket>()
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    open.add(socket.on('error', () => {}))
    onConnection(socket)
  })
  return listening(server, open)
}

export async function listening(server: Server, open: ReadonlySet<Socket>): Promise<Listening> {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    port: (server.address() as AddressInfo).port,
    [Symbol.asyncDispose]: async () => {
      for (const socket of open) socket.destroy()
      server.close()
      await once(server, 'close')
    },
  }
}

/** Runs the lab, and gives the one record that it wrote when it has nothing open any more. */
export async function leavesNothing(
  options: Partial<ProxyOptions>,
  serve: (socket: Socket) => unknown,
  use: (lab: Lab, server: Listening) => Promise<unknown>,
): Promise<string> {
  await using lab = await startLab({ timeouts: QUICK, ...options })
  const idle = sockets()
  {
    await using server = await startFault(serve)
    const startMs = performance.now()
    await use(lab, server)
    await settled(() => lab.records.length > 0 && lab.proxy.counts().openConnections === 0)
    assert.ok(performance.now() - startMs < BOUND_MS)
  }
  await settled(() => sockets() <= idle)
  const { openConnections, openTunnels, totals } = lab.proxy.counts()
  assert.deepEqual([sockets() - idle, openConnections, openTunnels, totals.defects], [0, 0, 0, 0])
  assert.equal(lab.records.length, 1)
  const { outcome, reason, status } = lab.records[0]!
  return `${outcome} ${reason} ${status}`
}

export async function settled(holds: () => boolean): Promise<void> {
  for (let tries = 0; !holds() && tries < BOUND_MS / 10; tries++) await sleep(10)
}

export const get = (authority: string): string => `GET http://${authority}/ HTTP/1.1\r\nHost: ${authority}\r\n\r\n`
export const head = 'HTTP/1.1 200 OK\r\n'

/** A listener that accepts nothing, and whose queue is full: the kernel drops every further SYN. */
export async function startFullQueue(): Promise<AsyncDisposable & { readonly port: number }> {
  const listen =
    'import socket,sys\ns=socket.create_server(("127.0.0.1",0),backlog=0)\nprint(s.getsockname()[1],flush=True)\nsys.stdin.read()'
  const child = spawn('python3', ['-c', listen], { stdio: ['pipe', 'pipe', 'ignore'] })
  const [line] = (await once(child.stdout, 'data')) as [Buffer]
  const port = Number(line.toString())
  const fillers = Array.from({ length: 4 }, () => connect({ port, host: '127.0.0.1' }).on('error', () => {}))
  await sleep(100)
  return {
    port,
    [Symbol.asyncDispose]: async () => {
      for (const filler of fillers) filler.destroy()
      child.kill('SIGKILL')
      await once(child, 'exit')
    },
  }
}
