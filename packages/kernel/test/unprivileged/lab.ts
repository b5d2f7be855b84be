import { execFileSync, spawn, spawnSync, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, cpSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'

const HERE = import.meta.dirname
const USER = `sptest${process.pid}`
export const OPEN_CHECKOUT: string = join(HERE, 'with-open-checkout.sh')
const SHOW_TUN = 'mount --bind "$1" /dev/net/tun && shift && exec "$@"'
const TIMEOUT_MS = 90_000

export const PROBE: readonly string[] = ['/usr/bin/python3', join(HERE, 'probe.py')]
export const skip: string | false =
  process.getuid?.() === 0 && missing() === '' ? false : `needs root; missing: ${missing()}`

export type Setup = {
  readonly command: readonly string[]
  readonly allow?: readonly string[]
  readonly deny?: 'reject' | 'drop'
}

export type Result = {
  readonly status: number | null
  readonly stdout: string
  /** What the runner reported. */
  readonly events: readonly Readonly<Record<string, unknown>>[]
}

export type Lab = AsyncDisposable & {
  readonly user: string
  readonly uid: string
  /** A folder that the ordinary user may write to. */
  readonly folder: string
  /** What is /dev/net/tun in the lab. */
  readonly tun: string
  run(setup: Setup, input?: string): Promise<Result>
  start(setup: Setup): ChildProcess
  /** The arguments that start the runner as the ordinary user. */
  argv(setup: Setup): readonly [string, ...string[]]
}

function missing(): string {
  return ['pasta', 'iptables', 'ip', 'runuser', 'nsenter']
    .filter((tool) => spawnSync('which', [tool]).status !== 0)
    .join(' ')
}

/** An ordinary user at 10.9.0.1 and fd09::1, in a network namespace that stands for the host; servers at .2 and ::2. */
export async function openLab(): Promise<Lab> {
  await using stack = new AsyncDisposableStack()
  // The machine's own may be root's alone, and stays so.
  const tun = `/dev/sallyport-lab-${process.pid}`
  execFileSync('mknod', ['--mode=666', tun, 'c', '10', '200'])
  stack.defer(() => rmSync(tun))
  execFileSync('useradd', ['--no-create-home', '--shell', '/bin/bash', USER])
  stack.defer(() => void execFileSync('userdel', [USER], { stdio: 'ignore' }))
  const uid = execFileSync('id', ['-u', USER], { encoding: 'utf8' }).trim()
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-lab-'))
  stack.defer(() => rmSync(folder, { recursive: true }))
  execFileSync('chown', [USER, folder])
  const [host, server] = [`spu${process.pid}`, `spv${process.pid}`]
  for (const name of [host, server]) {
    ip('netns', 'add', name)
    stack.defer(() => ip('netns', 'del', name))
    // Else the first second of every lab is spent looking for duplicates of its addresses.
    execFileSync('nsenter', [`--net=/run/netns/${name}`, 'sysctl', '-qw', 'net.ipv6.conf.default.accept_dad=0'])
    ip('-n', name, 'link', 'set', 'lo', 'up')
  }
  ip('-n', host, 'link', 'add', 'eth0', 'type', 'veth', 'peer', 'name', 'eth0', 'netns', server)
  for (const [name, number] of [
    [host, 1],
    [server, 2],
  ] as const) {
    ip('-n', name, 'addr', 'add', `10.9.0.${number}/24`, 'dev', 'eth0')
    ip('-n', name, '-6', 'addr', 'add', `fd09::${number}/64`, 'dev', 'eth0', 'nodad')
    ip('-n', name, 'link', 'set', 'eth0', 'up')
  }
  // A new cable loses the first questions for neighbours, and the next are a second apart.
  for (const address of ['10.9.0.2', 'fd09::2'])
    execFileSync('nsenter', [`--net=/run/netns/${host}`, 'ping', '-qc1', '-w10', address])
  ip('-n', host, 'route', 'add', 'default', 'via', '10.9.0.2')
  ip('-n', host, '-6', 'route', 'add', 'default', 'via', 'fd09::2')
  for (const [name, ...args] of [
    [server, 'echo', '10.9.0.2', '80'],
    [server, 'echo', 'fd09::2', '80'],
    [host, 'dns', '127.0.0.1', '5353'],
    [host, 'echo', '127.0.0.1', '8080'],
  ] as const)
    stack.use(await peer(name, args))
  const argv = ({ allow = [], ...rest }: Setup): readonly [string, ...string[]] => {
    const setup = JSON.stringify({ allow, resolver: { address: '127.0.0.1', port: 5353 }, ...rest })
    const user = [
      'setpriv',
      `--reuid=${USER}`,
      `--regid=${USER}`,
      '--init-groups',
      'env',
      '-C',
      folder,
      `TMPDIR=${folder}`,
    ]
    const shown = ['unshare', '--mount', OPEN_CHECKOUT, 'sh', '-c', SHOW_TUN, 'sh', tun]
    return ['nsenter', `--net=/run/netns/${host}`, ...shown, ...user, process.execPath, join(HERE, 'runner.ts'), setup]
  }
  const owned = stack.move()
  return {
    user: USER,
    uid,
    folder,
    tun,
    argv,
    run: async (setup, input = '') => {
      const [file, ...args] = argv(setup)
      const child = spawn(file, args, { timeout: TIMEOUT_MS, killSignal: 'SIGKILL' })
      child.stdin.on('error', () => {})
      child.stdin.end(input)
      const [stdout, stderr, [status]] = await Promise.all([
        text(child.stdout),
        text(child.stderr),
        once(child, 'close'),
      ])
      return { status, stdout, events: reported(stderr) } as Result
    },
    start: (setup) => {
      const [file, ...args] = argv(setup)
      return spawn(file, args, { stdio: ['ignore', 'pipe', 'pipe'] })
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  }
}

/** A setuid root shell, to see that it is none in the namespace. */
export function setuidShell(folder: string): string {
  const path = join(folder, 'setuid-id')
  cpSync('/usr/bin/id', path)
  chmodSync(path, 0o4755)
  return path
}

/** Command lines of the processes of a user that still run; where nothing reaps orphans, what has ended stays in the list. */
export function processesOf(uid: string): string {
  const { stdout } = spawnSync('ps', ['-o', 'stat=,args=', '-u', uid], { encoding: 'utf8' })
  return stdout
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('Z'))
    .join('\n')
}

function reported(stderr: string): Result['events'] {
  const lines = stderr.split('\n')
  return lines
    .filter((line) => line.startsWith('#'))
    .map((line) => JSON.parse(line.slice(1)) as Record<string, unknown>)
}

async function peer(namespace: string, args: readonly string[]): Promise<Disposable> {
  const child = spawn('nsenter', [`--net=/run/netns/${namespace}`, process.execPath, join(HERE, 'peer.ts'), ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  await once(child.stdout, 'data')
  return { [Symbol.dispose]: () => void child.kill('SIGKILL') }
}

function ip(...args: readonly string[]): void {
  execFileSync('ip', args)
}
