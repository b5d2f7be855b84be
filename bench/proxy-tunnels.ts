/**
 * Whether a proxy stands 50,000 idle tunnels (COUNT) over several workers (WORKERS), each with the descriptors that one process may have:
 * tunnels a second, memory of each, time of an answer through them when all are open, what becomes of more than there are descriptors
 * for, and whether all is given back. Clients and servers are processes of this script, as each has its own descriptors. Prints one line
 * of JSON.
 */
import { fork, spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { connect, createServer, type AddressInfo, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'

const COUNT = Number(process.env['COUNT'] ?? 50_000)
const WORKERS = Number(process.env['WORKERS'] ?? 7)
/** Beyond what the descriptors of all workers are enough for. */
const BEYOND = Number(process.env['BEYOND'] ?? 21_000)
const EACH = 12_500
const AT_ONCE = 100

type ToClient =
  | { readonly kind: 'open'; readonly count: number; readonly proxy: number; readonly servers: readonly number[] }
  | { readonly kind: 'ask' }
  | { readonly kind: 'close' }
type Opened = { readonly open: number; readonly failed: Readonly<Record<string, number>> }

const [role, part] = process.argv.slice(2)
if (role === 'server') serve(Number(part))
else if (role === 'client') client(Number(part))
else await measure()

/** Says everything back. */
function serve(index: number): void {
  const server = createServer((socket) => socket.on('error', () => {}).pipe(socket))
  server.listen({ port: 0, host: `127.0.2.${index + 1}`, backlog: 4096 }, () =>
    process.send!((server.address() as AddressInfo).port),
  )
}

function client(index: number): void {
  const tunnels: Socket[] = []
  process.on('message', (message: ToClient) => {
    if (message.kind === 'open') return void open(message)
    if (message.kind === 'ask') return void ask()
    for (const socket of tunnels.splice(0)) socket.destroy()
    process.send!('closed')
  })

  async function open({ count, proxy, servers }: Extract<ToClient, { kind: 'open' }>): Promise<void> {
    const failed: Record<string, number> = {}
    let [next, opened] = [0, 0]
    const one = async (): Promise<void> => {
      while (next < count) {
        const at = next++
        const to = at % servers.length
        const said = await tunnel(`127.0.2.${to + 1}:${servers[to]}`, proxy, `127.0.1.${index * 10 + (at % 10) + 1}`)
        if (said === 'open') opened++
        else failed[said] = (failed[said] ?? 0) + 1
      }
    }
    await Promise.all(Array.from({ length: AT_ONCE }, one))
    process.send!({ open: opened, failed } satisfies Opened)
  }

  async function tunnel(authority: string, port: number, localAddress: string): Promise<string> {
    const socket = connect({ port, host: '127.0.0.1', localAddress })
    const late = AbortSignal.timeout(20_000)
    let problem = 'ended'
    socket.on('error', (error: NodeJS.ErrnoException) => (problem = error.code ?? 'error'))
    const next = async (): Promise<string> => {
      const closed = once(socket, 'close').then(() => [''])
      const [octets] = (await Promise.race([once(socket, 'data', { signal: late }), closed]).catch(() => ['late'])) as [
        Buffer,
      ]
      return octets.toString()
    }
    socket.write(`CONNECT ${authority} HTTP/1.1\r\nHost: ${authority}\r\n\r\n`)
    const answer = await next()
    if (answer.startsWith('HTTP/1.1 200')) {
      socket.write('SSH-2.0-bench\r\n')
      if ((await next()).includes('SSH')) {
        tunnels.push(socket)
        return 'open'
      }
    }
    socket.destroy()
    return answer === 'late' ? 'late' : (/details="([a-z-]+)"/.exec(answer)?.[1] ?? problem)
  }

  async function ask(): Promise<void> {
    const times: number[] = []
    for (let at = 0; at < 200; at++) {
      const socket = tunnels[Math.floor((at * tunnels.length) / 200)]!
      const startMs = performance.now()
      socket.write('ping\r\n')
      await once(socket, 'data')
      times.push(performance.now() - startMs)
    }
    process.send!(times)
  }
}

async function measure(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-bench-tunnels-'))
  const policy = join(folder, 'policy.yaml')
  writeFileSync(policy, 'sallyport: 1\nname: bench\nrules:\n  - { id: bench, action: allow, to: [127.0.2.0/24] }\n')
  const all = COUNT + BEYOND
  const start = (name: string, index: number): ChildProcess => fork(import.meta.filename, [name, String(index)])
  const parts = Math.ceil(all / EACH)
  const [servers, clients] = ['server', 'client'].map((name) =>
    Array.from({ length: parts }, (_, at) => start(name, at)),
  )
  const ports = await Promise.all(servers!.map(async (server) => ((await once(server, 'message')) as [number])[0]))
  const main = join(import.meta.dirname, '../packages/cli/src/main.ts')
  const listen = [
    '--listen',
    '127.0.0.1:0',
    '--metrics',
    '127.0.0.1:0',
    '--upstream',
    '127.0.0.1:9',
    '--policy',
    policy,
  ]
  const bounds = [`connections=${all}`, `connectionsPerClient=${all}`].flatMap((each) => ['--limit', each])
  const args = [main, 'proxy', '--json', '--no-record', '--workers', String(WORKERS), ...listen, ...bounds]
  const proxy = spawn(process.execPath, args, { stdio: ['ignore', 'ignore', 'pipe'] })
  try {
    const [line] = (await once(createInterface({ input: proxy.stderr }), 'line')) as [string]
    const { endpoints, metrics } = JSON.parse(line) as { endpoints: [{ port: number }]; metrics: { port: number } }
    const pids = readFileSync(`/proc/${proxy.pid}/task/${proxy.pid}/children`, 'utf8').trim().split(' ').map(Number)
    const most = Number(/^Max open files\s+(\d+)/m.exec(readFileSync(`/proc/${pids[0]}/limits`, 'utf8'))?.[1])
    const descriptors = (): readonly number[] => pids.map((pid) => readdirSync(`/proc/${pid}/fd`).length)
    const residentMb = (): number =>
      pids.reduce(
        (sum, pid) => sum + Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))![1]) / 1000,
        0,
      )
    const openNow = async (): Promise<number> => {
      const text = await (await fetch(`http://127.0.0.1:${metrics.port}/metrics`)).text()
      return Number(/^sallyport_proxy_open\{kind="tunnels"\} (\d+)$/m.exec(text)![1])
    }
    const told = async <T>(message: (at: number) => ToClient): Promise<readonly T[]> =>
      Promise.all(
        clients!.map(async (one, at) => {
          one.send(message(at))
          return ((await once(one, 'message')) as [T])[0]
        }),
      )
    const openTunnels = (count: number): Promise<readonly Opened[]> =>
      told<Opened>((at) => ({
        kind: 'open',
        count: Math.floor(count / parts) + (at < count % parts ? 1 : 0),
        proxy: endpoints[0].port,
        servers: ports,
      }))
    const answerMs = async (): Promise<readonly number[]> => {
      const times = (await told<readonly number[]>(() => ({ kind: 'ask' }))).flat().sort((a, b) => a - b)
      return [0.5, 0.99].map((quantile) => Math.round(times[Math.floor(times.length * quantile)]! * 10) / 10)
    }
    const before = { descriptors: descriptors(), mb: residentMb() }
    const startMs = performance.now()
    const opened = await openTunnels(COUNT)
    const seconds = (performance.now() - startMs) / 1000
    const open = opened.reduce((sum, each) => sum + each.open, 0)
    const full = { descriptors: descriptors(), mb: Math.round(residentMb()), answerMs: await answerMs() }
    const more = BEYOND === 0 ? [] : await openTunnels(BEYOND)
    const failed: Record<string, number> = {}
    for (const each of [...opened, ...more])
      for (const [why, count] of Object.entries(each.failed)) failed[why] = (failed[why] ?? 0) + count
    const atLimit = { tunnels: await openNow(), descriptors: descriptors(), answerMs: await answerMs() }
    await told(() => ({ kind: 'close' }))
    for (let waited = 0; (await openNow()) > 0 && waited < 600; waited++) await sleep(100)
    await sleep(5000)
    const after = await openTunnels(parts)
    console.log(
      JSON.stringify({
        bench: 'proxy-tunnels',
        workers: WORKERS,
        descriptorsEach: most,
        asked: COUNT,
        open,
        perSecond: Math.round(open / seconds),
        kbEach: Number((((full.mb - before.mb) * 1000) / open).toFixed(1)),
        full,
        beyond: BEYOND,
        openBeyond: more.reduce((sum, each) => sum + each.open, 0),
        failed,
        atLimit,
        openAfter: after.reduce((sum, each) => sum + each.open, 0),
        descriptorsBefore: before.descriptors,
        descriptorsAfter: descriptors(),
        workersAlive: pids.filter((pid) => readFileSync(`/proc/${pid}/stat`, 'utf8') !== '').length,
      }),
    )
  } finally {
    for (const child of [proxy, ...servers!, ...clients!]) child.kill('SIGKILL')
    rmSync(folder, { recursive: true, force: true })
  }
}
