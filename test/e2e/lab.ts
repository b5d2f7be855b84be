import { execFileSync, spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { eventually } from '../../packages/kernel/test/eventually.ts'
import { HOSTS, RESOLVER } from './lab-hosts.ts'

const MAIN = fileURLToPath(new URL('../../packages/cli/src/main.ts', import.meta.url))
const SERVER = fileURLToPath(new URL('./lab-server.ts', import.meta.url))

export const needsRoot: string | false = process.getuid?.() === 0 ? false : 'needs root for network namespaces and eBPF'

/** Of tests whose runs know nothing of each other: half of what a run takes is waiting. */
export const RUNS_AT_ONCE = 3

/** A mount namespace with a /dev/net/tun as udev makes it; the machine's own stays as it is. */
const OPEN_TUN = 'mount -t tmpfs tmpfs /dev/net && mknod /dev/net/tun c 10 200 && chmod 666 /dev/net/tun && exec "$@"'
/** The checkout may lie in a folder of root's alone. */
export const OPEN_CHECKOUT: string = fileURLToPath(
  new URL('../../packages/kernel/test/unprivileged/with-open-checkout.sh', import.meta.url),
)
const NOBODY = ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups', 'env', 'HOME=/tmp']
export const AS_USER: readonly string[] = ['unshare', '--mount', OPEN_CHECKOUT, 'sh', '-c', OPEN_TUN, 'sh', ...NOBODY]

export type Ended = {
  readonly status: number | null
  readonly signal: string | null
  readonly stdout: string
  readonly stderr: string
}
export type Arrival = { readonly kind: string; readonly to?: string; readonly port?: number; readonly name?: string }
export type RunOptions = {
  readonly input?: string
  readonly onSpawn?: (child: ChildProcess) => void
  readonly env?: NodeJS.ProcessEnv
  /** What starts Sallyport. */
  readonly prefix?: readonly string[]
}

/** Two network namespaces and a cable: a client where commands run, and a server that notes everything that arrives. */
export class Lab implements AsyncDisposable {
  readonly directory: string = mkdtempSync(join(tmpdir(), 'sallyport-lab-'))
  /** What Sallyport keeps, whoever runs it. */
  readonly state: string = mkdtempSync(join(tmpdir(), 'sallyport-state-'))
  readonly arrivals: Arrival[] = []
  readonly #client: ChildProcess
  readonly #host: ChildProcess
  readonly #heard: (() => void)[] = []
  #server: ChildProcess | undefined

  private constructor(client: ChildProcess, host: ChildProcess) {
    this.#client = client
    this.#host = host
  }

  static async open(): Promise<Lab> {
    const lab = new Lab(await holdNamespace(), await holdNamespace())
    chmodSync(lab.state, 0o1777)
    lab.#connect()
    await lab.#serve()
    return lab
  }

  #connect(): void {
    const client = (...args: string[]): void => void this.inNamespace(this.#client, 'ip', ...args)
    const server = (...args: string[]): void => void this.inNamespace(this.#host, 'ip', ...args)
    client('link', 'add', 'lab0', 'type', 'veth', 'peer', 'name', 'lab1', 'netns', String(this.#host.pid))
    for (const [ip, link] of [
      [client, 'lab0'],
      [server, 'lab1'],
    ] as const) {
      ip('link', 'set', 'lo', 'up')
      ip('link', 'set', link, 'up')
    }
    client('addr', 'add', '198.51.100.99/24', 'dev', 'lab0')
    client('addr', 'add', '2001:db8:1::99/64', 'dev', 'lab0', 'nodad')
    // pasta takes the interface of the default route.
    client('route', 'add', 'default', 'via', RESOLVER)
    client('route', 'add', 'default', 'via', '2001:db8:1::10')
    for (const address of new Set([RESOLVER, ...Object.values(HOSTS).flat()])) {
      server(
        'addr',
        'add',
        address.includes(':') ? `${address}/64` : `${address}/24`,
        'dev',
        'lab1',
        ...(address.includes(':') ? ['nodad'] : []),
      )
    }
  }

  async #serve(): Promise<void> {
    const server = spawn('nsenter', [`--net=/proc/${this.#host.pid}/ns/net`, process.execPath, SERVER], {
      stdio: ['pipe', 'pipe', 'inherit'],
    })
    this.#server = server
    const lines = createInterface({ input: server.stdout })
    const ready = new Promise<void>((resolve, reject) => {
      server.once('exit', () => reject(new Error('the lab server ended early')))
      lines.on('line', (line) => {
        const arrival = JSON.parse(line) as Arrival
        if (arrival.kind === 'ready') resolve()
        else if (arrival.kind === 'heard') this.#heard.shift()?.()
        else this.arrivals.push(arrival)
      })
    })
    await ready
  }

  inNamespace(holder: ChildProcess, command: string, ...args: string[]): string {
    return execFileSync('nsenter', [`--net=/proc/${holder.pid}/ns/net`, command, ...args], { encoding: 'utf8' })
  }

  /** A server of the test's own, for as long as the lab is open; `at` are the `ADDRESS:PORT` where it listens by then. */
  async serve(at: readonly string[], command: string, args: readonly string[]): Promise<void> {
    const server = spawn('nsenter', [`--net=/proc/${this.#host.pid}/ns/net`, command, ...args], { stdio: 'ignore' })
    this.#host.once('exit', () => server.kill())
    server.unref()
    const listens = (): boolean => {
      const sockets = this.inNamespace(this.#host, 'ss', '-Hltun').split(/\s+/)
      return at.every((each) => sockets.includes(each))
    }
    await eventually(listens, `${command} listens`)
  }

  /** Until what has arrived at the lab's server by now is among the arrivals. */
  async #hear(): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#heard.push(resolve)
      this.#server!.stdin!.write('\n')
    })
  }

  /** The arguments that start a command in the client namespace. */
  inClient(command: readonly string[]): readonly string[] {
    return ['nsenter', `--net=/proc/${this.#client.pid}/ns/net`, ...command]
  }

  /** A command in the client namespace, as this user, in a cgroup. */
  inCgroup(cgroup: string, command: readonly string[]): Promise<Ended> {
    const enter = 'echo $$ > "$0/cgroup.procs" && exec "$@"'
    const args = [`--net=/proc/${this.#client.pid}/ns/net`, 'sh', '-c', enter, cgroup, ...command]
    return ended(spawn('nsenter', args, { stdio: ['ignore', 'pipe', 'pipe'], cwd: this.directory }))
  }

  /** `sallyport` with these arguments, in the client namespace. */
  async sallyport(args: readonly string[], options: RunOptions = {}): Promise<Ended> {
    const all = [`--net=/proc/${this.#client.pid}/ns/net`, ...(options.prefix ?? []), process.execPath, MAIN, ...args]
    const env = { ...process.env, SALLYPORT_STATE: join(this.state, options.prefix === AS_USER ? 'user' : 'root') }
    const child = spawn('nsenter', all, { stdio: 'pipe', cwd: this.directory, env: { ...env, ...options.env } })
    options.onSpawn?.(child)
    child.stdin.on('error', () => {})
    child.stdin.end(options.input ?? '')
    const end = await ended(child)
    await this.#hear()
    return end
  }

  /** `sallyport run` with the lab's resolver, as an ordinary user whose machine has /dev/net/tun open to everyone. */
  runAsUser(options: readonly string[], command: readonly string[], more: RunOptions = {}): Promise<Ended> {
    return this.sallyport(['run', '--upstream', RESOLVER, ...options, '--', ...command], { ...more, prefix: AS_USER })
  }

  /** `sallyport run` with the lab's resolver. */
  run(options: readonly string[], command: readonly string[], more: RunOptions = {}): Promise<Ended> {
    return this.sallyport(['run', '--upstream', RESOLVER, ...options, '--', ...command], more)
  }

  arrivedAt(address: string): readonly Arrival[] {
    return this.arrivals.filter(({ to }) => to === address)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const child of [this.#server, this.#host, this.#client]) {
      if (child === undefined || child.exitCode !== null) continue
      const gone = once(child, 'exit')
      child.kill()
      await gone
    }
    for (const path of [this.directory, this.state]) rmSync(path, { recursive: true, force: true })
  }
}

/** The namespace goes with its holder, and the holder with us: its input ends. */
async function holdNamespace(): Promise<ChildProcess> {
  const holder = spawn('unshare', ['--net', 'sh', '-c', 'echo ready; exec cat'], { stdio: ['pipe', 'pipe', 'inherit'] })
  await once(holder.stdout, 'data')
  return holder
}

async function ended(child: ChildProcess): Promise<Ended> {
  const [stdout, stderr, [status, signal]] = await Promise.all([
    text(child.stdout!),
    text(child.stderr!),
    once(child, 'close'),
  ])
  return { status, signal, stdout, stderr } as Ended
}

async function text(stream: NodeJS.ReadableStream): Promise<string> {
  let all = ''
  for await (const chunk of stream.setEncoding('utf8')) all += chunk
  return all
}
