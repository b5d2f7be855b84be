import assert from 'node:assert/strict'
import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { sallyport } from './sallyport.ts'

const run = promisify(execFile)
const MAIN = fileURLToPath(new URL('../src/main.ts', import.meta.url))

type Endpoint = { readonly address: string; readonly port: number }
type Ready = { readonly endpoints: readonly Endpoint[]; readonly metrics: Endpoint | null }

async function startDns(...args: readonly string[]) {
  const child = spawn(process.execPath, [MAIN, 'dns', '--json', ...args], { stdio: ['ignore', 'pipe', 'pipe'] })
  const notes: string[] = []
  const ready = Promise.withResolvers<Ready>()
  createInterface({ input: child.stderr }).on('line', (line) => {
    notes.push(line)
    if (line.includes('"ready"')) ready.resolve(JSON.parse(line) as Ready)
  })
  child.once('exit', () => ready.reject(new Error(notes.join('\n'))))
  const { endpoints, metrics } = await ready.promise
  const dig = async (...query: readonly string[]): Promise<string> => {
    const to = [`@${endpoints[0]!.address}`, '-p', String(endpoints[0]!.port), '+tries=1', '+time=3']
    return (await run('dig', [...to, ...query])).stdout
  }
  return {
    child,
    endpoints,
    metrics,
    notes,
    dig,
    [Symbol.asyncDispose]: async () => {
      if (child.exitCode !== null) return
      child.kill('SIGKILL')
      await once(child, 'exit')
    },
  }
}

function folder(): Disposable & { readonly path: (name: string) => string } {
  const root = mkdtempSync(join(tmpdir(), 'sallyport-dns-'))
  return {
    path: (name) => join(root, name),
    [Symbol.dispose]: () => rmSync(root, { recursive: true, force: true }),
  }
}

test('a resolver of the command line: feeds refuse, the rest is answered, SIGHUP reads again, SIGTERM ends with 0', async () => {
  using files = folder()
  writeFileSync(files.path('ads.txt'), 'ads.example\n')
  await using upstream = await startDns('--listen', '127.0.0.1:0', '--upstream', '127.0.0.1:1')
  const { port } = upstream.endpoints[0]!
  await using resolver = await startDns(
    '--listen',
    '127.0.0.1:0',
    '--upstream',
    `127.0.0.1:${port}`,
    '--feed',
    `ads=${files.path('ads.txt')}`,
    '--metrics',
    '127.0.0.1:0',
    '--log',
    files.path('queries.jsonl'),
  )
  assert.match(await resolver.dig('x.ads.example'), /status: NXDOMAIN[^]*EDE: 15 \(Blocked\): \(rule feed-ads\)/)
  assert.match(await resolver.dig('tracker.example'), /status: SERVFAIL/)
  writeFileSync(files.path('ads.txt'), 'tracker.example\n')
  resolver.child.kill('SIGHUP')
  while (!resolver.notes.some((line) => line.includes('read again'))) await new Promise((next) => setTimeout(next, 20))
  assert.match(await resolver.dig('tracker.example'), /status: NXDOMAIN/)
  const { address, port: metricsPort } = resolver.metrics!
  const metrics = await (await fetch(`http://${address}:${metricsPort}/metrics`)).text()
  assert.match(metrics, /^sallyport_dns_responses_total\{outcome="refused"\} 2$/m)
  resolver.child.kill('SIGTERM')
  const [code] = (await once(resolver.child, 'exit')) as [number]
  assert.equal(code, 0)
  const lines = readFileSync(files.path('queries.jsonl'), 'utf8').trim().split('\n')
  const [first] = lines.map((line) => JSON.parse(line) as { name: string; type: string; rule: string; outcome: string })
  assert.deepEqual(
    [first!.name, first!.type, first!.rule, first!.outcome],
    ['x.ads.example', 'A', 'feed-ads', 'refused'],
  )
})

test('a feed that cannot be read again leaves the one in force', async () => {
  using files = folder()
  writeFileSync(files.path('ads.txt'), 'ads.example\n')
  await using resolver = await startDns(
    '--listen',
    '127.0.0.1:0',
    '--upstream',
    '127.0.0.1:1',
    '--feed',
    `ads=${files.path('ads.txt')}`,
  )
  rmSync(files.path('ads.txt'))
  resolver.child.kill('SIGHUP')
  while (!resolver.notes.some((line) => line.includes('kept'))) await new Promise((next) => setTimeout(next, 20))
  assert.match(await resolver.dig('ads.example'), /status: NXDOMAIN/)
})

test('an address that is taken, or none, ends with what to do', async () => {
  await using resolver = await startDns('--listen', '127.0.0.1:0', '--upstream', '127.0.0.1:1')
  const taken = sallyport(['dns', '--listen', `127.0.0.1:${resolver.endpoints[0]!.port}`, '--upstream', '127.0.0.1:1'])
  assert.equal(taken.status, 3)
  assert.match(taken.stderr, /cannot listen: the address is taken/)
  assert.equal(sallyport(['dns']).status, 2)
  assert.match(sallyport(['dns', '--listen', 'nonsense:x']).stderr, /--listen/)
})
