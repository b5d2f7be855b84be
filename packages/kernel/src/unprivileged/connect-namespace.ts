import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { UnprivilegedError } from './unprivileged-error.ts'

export type Connection = AsyncDisposable & {
  /** Settles when the connection ends by itself. */
  readonly lost: Promise<UnprivilegedError>
}

const START_MS = 8_000
const POLL_MS = 5
const MAX_STDERR = 4_096
const CLOSED = ['--tcp-ports', 'none', '--udp-ports', 'none', '--tcp-ns', 'none', '--udp-ns', 'none', '--no-map-gw']

/** Kills the process named by its argument when standard input ends: that is when this process is gone, however. */
const WATCH = 'read -r _; kill -KILL "$1"'

/** Connects the network namespace of a process through pasta, with no way to services on the host's own loopback. */
export async function connectNamespace(pid: number): Promise<Connection> {
  await using opened = new AsyncDisposableStack()
  await using ready = new AsyncDisposableStack()
  const folder = await mkdtemp(join(tmpdir(), 'sallyport-'))
  ready.defer(() => rm(folder, { recursive: true, force: true }))
  const pidFile = join(folder, 'pasta.pid')
  const args = ['--config-net', '--foreground', '--quiet', ...CLOSED, '--pid', pidFile, String(pid)]
  // In a session of its own: keys on the terminal are for the command.
  const pasta = spawn('pasta', args, { stdio: ['ignore', 'ignore', 'pipe'], detached: true })
  let stderr = ''
  pasta.stderr.on('data', (chunk: Buffer) => (stderr = (stderr + chunk.toString()).slice(-MAX_STDERR)))
  const ended = once(pasta, 'close').then(
    () => stderr.trim() || 'pasta ended',
    (error: unknown) => (error instanceof Error ? error.message : String(error)),
  )
  const lost = ended.then((text) => new UnprivilegedError('network-failed', `pasta: ${text}`, REMEDY))
  opened.defer(async () => {
    pasta.kill('SIGKILL')
    await ended
  })
  const watcher = spawn('sh', ['-c', WATCH, 'sh', String(pasta.pid ?? '')], {
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
  })
  watcher.on('error', () => {})
  watcher.stdin.on('error', () => {})
  opened.defer(() => void watcher.kill('SIGKILL'))
  await Promise.race([written(pidFile), lost.then((error) => Promise.reject(error))])
  const connection = opened.move()
  return { lost, [Symbol.asyncDispose]: () => connection.disposeAsync() }
}

const REMEDY = '`pasta --config-net -- ip address` shows whether it works here; apt-get install passt'

/** pasta writes it when addresses and routes are there. */
async function written(path: string): Promise<void> {
  for (const end = performance.now() + START_MS; performance.now() < end; await sleep(POLL_MS)) {
    if (isFilled(path)) return
  }
  throw new UnprivilegedError('network-failed', `pasta was not ready within ${START_MS / 1000} seconds`, REMEDY)
}

function isFilled(path: string): boolean {
  try {
    return readFileSync(path, 'utf8').trim() !== ''
  } catch {
    return false
  }
}
