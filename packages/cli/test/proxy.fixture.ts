import { execFile, spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

export const run: typeof execFile.__promisify__ = promisify(execFile)
const MAIN = fileURLToPath(new URL('../src/main.ts', import.meta.url))

type Endpoint = { readonly address: string; readonly port: number }
type Ready = { readonly endpoints: readonly Endpoint[]; readonly metrics: Endpoint | null }

export const POLICY = 'sallyport: 1\nname: lab\nrules:\n  - { id: lab, action: allow, to: [127.0.0.1] }\n'

export type RunningProxy = AsyncDisposable & {
  readonly child: ChildProcess
  readonly port: number
  readonly metrics: Endpoint | null
  readonly notes: readonly string[]
  readonly curl: (...query: readonly string[]) => Promise<string>
}

export type Folder = Disposable & { readonly path: (name: string) => string }

export async function startProxy(files: Folder, ...args: readonly string[]): Promise<RunningProxy> {
  return startProxyBy([], files, ...args)
}

/** By a command that runs it, such as one that sets limits. */
export async function startProxyBy(
  by: readonly string[],
  files: Folder,
  ...args: readonly string[]
): Promise<RunningProxy> {
  writeFileSync(files.path('policy.yaml'), POLICY)
  const usual = ['--listen', '127.0.0.1:0', '--policy', files.path('policy.yaml'), '--upstream', '127.0.0.1:1']
  const [command, ...rest] = [...by, process.execPath, MAIN, 'proxy', '--json', ...usual, ...args]
  const child = spawn(command!, rest, {
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const notes: string[] = []
  const ready = Promise.withResolvers<Ready>()
  createInterface({ input: child.stderr }).on('line', (line) => {
    notes.push(line)
    if (line.includes('"ready"')) ready.resolve(JSON.parse(line) as Ready)
  })
  child.once('exit', () => ready.reject(new Error(notes.join('\n'))))
  const { endpoints, metrics } = await ready.promise
  const { port } = endpoints[0]!
  const curl = async (...query: readonly string[]): Promise<string> =>
    (await run('curl', ['-sS', '-m', '5', '-w', ' %{http_code}', '-x', `http://127.0.0.1:${port}`, ...query])).stdout
  return {
    child,
    port,
    metrics,
    notes,
    curl,
    [Symbol.asyncDispose]: async () => {
      if (child.exitCode !== null) return
      child.kill('SIGKILL')
      await once(child, 'exit')
    },
  }
}

export function folder(): Folder {
  const root = mkdtempSync(join(tmpdir(), 'sallyport-proxy-'))
  return {
    path: (name) => join(root, name),
    [Symbol.dispose]: () => rmSync(root, { recursive: true, force: true }),
  }
}

export async function startServer(): Promise<AsyncDisposable & { readonly url: string }> {
  const server = createServer((_, response) => response.end('served'))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections()
      server.close()
    },
  }
}

export async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise((next) => setTimeout(next, 20))
}
