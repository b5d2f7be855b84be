import { execFileSync, spawn, spawnSync, type ChildProcess } from 'node:child_process'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { createRunCgroup, guardedArgv, openEnforcement, removeCgroup } from '../src/index.ts'
import type { EndedFlow, Enforcement, EnforcementOptions, KernelEvent } from '../src/index.ts'

const PYTHON = '/usr/bin/python3'
const PEER = fileURLToPath(new URL('peer.py', import.meta.url))
export const PROBE: string = fileURLToPath(new URL('probe.py', import.meta.url))

export const skip: string | false = process.getuid?.() === 0 ? false : 'needs root'

export interface Lab extends AsyncDisposable {
  readonly enforcement: Enforcement
  readonly cgroupPath: string
  readonly events: KernelEvent[]
  readonly ends: EndedFlow[]
  /** Runs the probe in the guarded cgroup of the client's namespace. */
  probe(...args: readonly string[]): string
  /** The same while this process goes on. */
  start(...args: readonly string[]): ChildProcess
  argv(command: readonly string[]): readonly [string, ...string[]]
}

let serial = 0

/** Two network namespaces joined by a cable: 10.9.0.1 and fd09::1 ask, 10.9.0.2, .3 and fd09::2 answer. */
export async function openLab(options: Partial<EnforcementOptions> = {}): Promise<Lab> {
  const id = `${process.pid}-${++serial}`
  const client = `spc-${id}`
  const server = `sps-${id}`
  await using stack = new AsyncDisposableStack()
  for (const name of [client, server]) {
    ip('netns', 'add', name)
    stack.defer(() => ip('netns', 'del', name))
    ip('-n', name, 'link', 'set', 'lo', 'up')
  }
  ip('-n', client, 'link', 'add', 'eth0', 'type', 'veth', 'peer', 'name', 'eth0', 'netns', server)
  for (const [name, number] of [
    [client, 1],
    [server, 2],
  ] as const) {
    ip('-n', name, 'addr', 'add', `10.9.0.${number}/24`, 'dev', 'eth0')
    ip('-n', name, '-6', 'addr', 'add', `fd09::${number}/64`, 'dev', 'eth0', 'nodad')
    ip('-n', name, 'link', 'set', 'eth0', 'up')
  }
  const everyGroup = 'net.ipv4.ping_group_range=0 2147483647'
  execFileSync('nsenter', [`--net=/run/netns/${client}`, 'sysctl', '-qw', everyGroup])
  ip('-n', server, 'addr', 'add', '10.9.0.3/24', 'dev', 'eth0')
  ip('-n', server, '-6', 'addr', 'add', '64:ff9b::a09:2/96', 'dev', 'eth0', 'nodad')
  ip('-n', client, '-6', 'route', 'add', '64:ff9b::/96', 'dev', 'eth0')
  ip('-n', server, '-6', 'addr', 'add', '2001:0:4136:e378:8000:63bf:3fff:fdd2/32', 'dev', 'eth0', 'nodad')
  ip('-n', client, '-6', 'route', 'add', '2001::/32', 'dev', 'eth0')
  stack.use(await peer(server, ['tcp:80', 'tcp:443', 'tcp:444', 'udp:80', 'udp:443', 'udp:444']))
  stack.use(await peer(client, ['dns:5353', 'tcp:8080']))

  const cgroupPath = createRunCgroup(`test-${id}`)
  stack.defer(() => removeCgroup(cgroupPath))
  const enforcement = stack.use(await openEnforcement({ cgroupPath, ...options }))
  const events: KernelEvent[] = []
  enforcement.events((event) => events.push(event))
  const ends: EndedFlow[] = []
  enforcement.ends((ended) => ends.push(ended))
  const argv = (command: readonly string[]): readonly [string, ...string[]] => {
    const [file = '', ...args] = command
    const inside = guardedArgv({ cgroupPath, command: file, args })
    // Not `ip netns exec`, which mounts a /sys without cgroups.
    return ['nsenter', `--net=/run/netns/${client}`, ...inside]
  }
  const owned = stack.move()
  return {
    enforcement,
    cgroupPath,
    events,
    ends,
    argv,
    probe: (...args) => {
      const [file, ...rest] = argv([PYTHON, PROBE, ...args])
      const result = spawnSync(file, rest, { encoding: 'utf8', timeout: 60_000 })
      return (result.stdout + result.stderr).trim()
    },
    start: (...args) => {
      const [file, ...rest] = argv([PYTHON, PROBE, ...args])
      return spawn(file, rest, { stdio: ['pipe', 'pipe', 'inherit'] })
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  }
}

export async function nextLine(child: ChildProcess): Promise<string> {
  for await (const line of createInterface({ input: child.stdout! })) return line
  return ''
}

export async function settle(): Promise<void> {
  await sleep(50)
}

async function peer(namespace: string, services: readonly string[]): Promise<AsyncDisposable> {
  const child = spawn('ip', ['netns', 'exec', namespace, PYTHON, PEER, ...services], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  await nextLine(child)
  return {
    async [Symbol.asyncDispose]() {
      const gone = new Promise((resolve) => child.once('exit', resolve))
      child.kill('SIGKILL')
      await gone
    },
  }
}

function ip(...args: readonly string[]): void {
  execFileSync('ip', args, { stdio: ['ignore', 'ignore', 'inherit'] })
}
