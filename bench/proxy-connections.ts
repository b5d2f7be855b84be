/**
 * Whether a proxy of one worker stands 50,000 connections of clients (COUNT) and says no to what is beyond its bound, serves meanwhile and
 * afterwards, and gives everything back. Needs root for the descriptors. Prints one line of JSON.
 */
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { connect, type AddressInfo, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'

const COUNT = Number(process.env['COUNT'] ?? 50_000)
const BEYOND = 100
const folder = mkdtempSync(join(tmpdir(), 'sallyport-bench-connections-'))
const policy = join(folder, 'policy.yaml')
writeFileSync(policy, 'sallyport: 1\nname: bench\nrules:\n  - { id: bench, action: allow, to: [127.0.0.1] }\n')
spawnSync('prlimit', ['--pid', String(process.pid), '--nofile=200000:200000'])
const most = Number(/^Max open files\s+(\d+)/m.exec(readFileSync('/proc/self/limits', 'utf8'))?.[1])
if (most < COUNT + 1000) {
  console.error(`a process may have ${most} descriptors here: set COUNT to less than ${most - 1000}`)
  process.exit(3)
}
const main = join(import.meta.dirname, '../packages/cli/src/main.ts')
const bounds = [`connections=${COUNT}`, `connectionsPerClient=${COUNT}`, 'keepAliveMs=600000'].flatMap((each) => [
  '--limit',
  each,
])
const listen = ['--listen', '127.0.0.1:0', '--metrics', '127.0.0.1:0', '--upstream', '127.0.0.1:9', '--policy', policy]
const proxy = spawn(
  process.execPath,
  [main, 'proxy', '--json', '--no-record', '--workers', '1', ...listen, ...bounds],
  {
    stdio: ['ignore', 'ignore', 'pipe'],
  },
)
const [line] = (await once(createInterface({ input: proxy.stderr }), 'line')) as [string]
const { endpoints, metrics } = JSON.parse(line) as { endpoints: [{ port: number }]; metrics: { port: number } }
const { port } = endpoints[0]
const server = createServer((_, response) => response.end('served')).listen(0, '127.0.0.1')
await once(server, 'listening')
const serverPort = (server.address() as AddressInfo).port

const residentMb = (): number =>
  Math.round(Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${proxy.pid}/status`, 'utf8'))![1]) / 1000)
const openNow = async (): Promise<number> => {
  const text = await (await fetch(`http://127.0.0.1:${metrics.port}/metrics`)).text()
  return Number(/^sallyport_proxy_open\{kind="connections"\} (\d+)$/m.exec(text)![1])
}
const ask = (socket: Socket): Promise<number> => {
  const startMs = performance.now()
  socket.write(`GET http://127.0.0.1:${serverPort}/ HTTP/1.1\r\nHost: 127.0.0.1:${serverPort}\r\n\r\n`)
  return once(socket, 'data').then(() => performance.now() - startMs)
}
/** From many addresses of loopback: one has 28,000 ports. */
const open = async (index: number): Promise<Socket> => {
  const localAddress = `127.0.1.${1 + (index % 10)}`
  const socket = connect({ port, host: '127.0.0.1', localAddress }).on('error', () => {})
  await Promise.race([once(socket, 'connect'), once(socket, 'close')]).catch(() => {})
  return socket
}

try {
  const before = residentMb()
  const sockets: Socket[] = []
  const startMs = performance.now()
  for (let at = 0; at < COUNT; at += 200) {
    sockets.push(...(await Promise.all(Array.from({ length: 200 }, (_, index) => open(at + index)))))
  }
  while ((await openNow()) < COUNT) await new Promise((next) => setTimeout(next, 50))
  const seconds = (performance.now() - startMs) / 1000
  const full = residentMb()
  const beyond = await Promise.all(Array.from({ length: BEYOND }, (_, index) => open(index)))
  const isCut = async (socket: Socket): Promise<number> => {
    for (let waited = 0; !socket.destroyed && waited < 500; waited++) await new Promise((next) => setTimeout(next, 10))
    return socket.destroyed ? 1 : 0
  }
  const refused = await Promise.all(beyond.map((socket) => isCut(socket.resume())))
  const answers = await Promise.all(sockets.slice(0, 100).map(ask))
  for (const socket of sockets) socket.destroy()
  while ((await openNow()) > 0) await new Promise((next) => setTimeout(next, 50))
  const fresh = await open(0)
  const afterMs = await ask(fresh)
  fresh.destroy()
  console.log(
    JSON.stringify({
      bench: 'proxy-connections',
      connections: COUNT,
      perSecond: Math.round(COUNT / seconds),
      kbEach: Number((((full - before) * 1000) / COUNT).toFixed(1)),
      refusedBeyond: refused.reduce((sum, each) => sum + each, 0),
      answeredWhenFull: answers.length,
      slowestAnswerMs: Math.round(Math.max(...answers)),
      openAfter: await openNow(),
      answerAfterMs: Math.round(afterMs),
      residentMb: [before, full, residentMb()],
    }),
  )
} finally {
  proxy.kill()
  server.closeAllConnections()
  server.close()
  rmSync(folder, { recursive: true, force: true })
}
process.exit(0)
