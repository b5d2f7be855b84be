import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { namespaceName, removeNamespace, removeStaleNamespaces } from './namespaces.ts'

export const needsRoot: string | false = process.getuid?.() === 0 ? false : 'needs root for network namespaces and eBPF'

/** A host, and by network its addresses there; its interface is called like the network. */
export type HostPlan = {
  readonly on: Readonly<Record<string, readonly string[]>>
  /** Hardware addresses, by network. */
  readonly macs?: Readonly<Record<string, string>>
  /** Default routes. */
  readonly via?: readonly string[]
  /** `PREFIX via ADDRESS` */
  readonly routes?: readonly string[]
  readonly sysctls?: readonly string[]
}

export type LabPlan = Readonly<Record<string, HostPlan>>

export type Ended = {
  readonly status: number | null
  readonly signal: string | null
  readonly stdout: string
  readonly stderr: string
}

export type Started = {
  readonly child: ChildProcess
  readonly ended: Promise<Ended>
  /** Waits until the output, of either kind, has the text. */
  readonly says: (text: string | RegExp, withinMs?: number) => Promise<string>
}

export type StartOptions = {
  readonly input?: string
  readonly env?: NodeJS.ProcessEnv
  readonly timeoutMs?: number
}

let serial = 0

/** Hosts in network namespaces, joined by switches or, where two are on a network, by a cable. All of it goes with the lab. */
export async function openLab(plan: LabPlan): Promise<Lab> {
  removeStaleNamespaces()
  const lab = new Lab(plan, ++serial)
  try {
    await lab.build()
    return lab
  } catch (error) {
    await lab[Symbol.asyncDispose]()
    throw error
  }
}

export class Lab implements AsyncDisposable {
  /** For files of the test; its name is short enough for sockets. */
  readonly directory: string = mkdtempSync(join(tmpdir(), 'splab-'))
  readonly #plan: LabPlan
  readonly #serial: number
  readonly #started = new Set<ChildProcess>()
  readonly #made: string[] = []

  constructor(plan: LabPlan, number: number) {
    this.#plan = plan
    this.#serial = number
  }

  namespace(host: string): string {
    return namespaceName(host, this.#serial)
  }

  /** The arguments that start a command on a host. It dies with this process. */
  on(host: string, command: readonly string[]): readonly [string, ...string[]] {
    return ['nsenter', `--net=/run/netns/${this.namespace(host)}`, 'setpriv', '--pdeathsig', 'KILL', ...command]
  }

  start(host: string, command: readonly string[], options: StartOptions = {}): Started {
    const [file, ...args] = this.on(host, command)
    const child = spawn(file, args, {
      cwd: this.directory,
      env: { ...process.env, ...options.env },
      stdio: ['pipe', 'pipe', 'pipe'],
    })
    this.#started.add(child)
    const { timeoutMs } = options
    const timer = timeoutMs === undefined ? null : setTimeout(() => child.kill('SIGKILL'), timeoutMs)
    const output = { stdout: '', stderr: '' }
    const listeners = new Set<() => void>()
    for (const name of ['stdout', 'stderr'] as const)
      child[name].setEncoding('utf8').on('data', (text: string) => {
        output[name] += text
        for (const listener of listeners) listener()
      })
    child.stdin.on('error', () => {})
    if (options.input !== undefined) child.stdin.end(options.input)
    const ended = once(child, 'close').then(([status, signal]) => {
      if (timer !== null) clearTimeout(timer)
      this.#started.delete(child)
      for (const listener of listeners) listener()
      return { status, signal, ...output } as Ended
    })
    const says = async (text: string | RegExp, withinMs = 60_000): Promise<string> => {
      const has = (): boolean => {
        const all = output.stdout + output.stderr
        return typeof text === 'string' ? all.includes(text) : text.test(all)
      }
      const deadline = performance.now() + withinMs
      while (!has()) {
        const over = child.exitCode !== null || child.signalCode !== null || performance.now() > deadline
        if (over) throw new Error(`${command.join(' ')} did not say ${String(text)}: ${output.stdout}${output.stderr}`)
        await new Promise<void>((resolve) => {
          const wake = (): void => {
            clearTimeout(late)
            listeners.delete(wake)
            resolve()
          }
          const late = setTimeout(wake, 500)
          listeners.add(wake)
        })
      }
      return output.stdout + output.stderr
    }
    return { child, ended, says }
  }

  /** Runs a command to its end, or for a minute and a half at most. */
  run(host: string, command: readonly string[], options: StartOptions = {}): Promise<Ended> {
    return this.start(host, command, { input: '', timeoutMs: 90_000, ...options }).ended
  }

  async build(): Promise<void> {
    const hosts = Object.entries(this.#plan)
    const members = new Map<string, string[]>()
    for (const [host, { on }] of hosts)
      for (const network of Object.keys(on)) members.set(network, [...(members.get(network) ?? []), host])
    const switched = [...members].filter(([, each]) => each.length > 2)
    const names = [...hosts.map(([host]) => host), ...(switched.length > 0 ? ['switch'] : [])]
    this.#made.push(...names.map((name) => this.namespace(name)))
    await batch(
      [],
      this.#made.map((name) => `netns add ${name}`),
    )
    // Else the first second of every lab is spent looking for duplicates of its addresses.
    const quiet = ['net.ipv6.conf.default.accept_dad=0', 'net.ipv6.conf.all.accept_dad=0']
    await Promise.all(names.map((name) => this.#sysctl(name, [...quiet, ...(this.#plan[name]?.sysctls ?? [])])))
    const cables = [...members].flatMap(([network, each]) => this.#cables(network, each))
    await batch([], cables)
    await Promise.all([
      ...hosts.map(([host, hostPlan]) => batch(['-n', this.namespace(host)], hostLines(hostPlan))),
      ...(switched.length > 0 ? [batch(['-n', this.namespace('switch')], switchLines(switched))] : []),
    ])
  }

  #cables(network: string, hosts: readonly string[]): readonly string[] {
    const end = (host: string, name: string): string => `${name} netns ${this.namespace(host)}`
    if (hosts.length === 2)
      return [`link add ${end(hosts[0]!, network)} type veth peer name ${end(hosts[1]!, network)}`]
    return hosts.map((host, at) =>
      hosts.length === 1
        ? `link add ${end(host, network)} type dummy`
        : `link add ${end(host, network)} type veth peer name ${end('switch', `${network}${at}`)}`,
    )
  }

  async #sysctl(host: string, settings: readonly string[]): Promise<void> {
    const ended = await this.run(host, ['sysctl', '-qw', ...settings])
    if (ended.status !== 0) throw new Error(ended.stderr)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(
      [...this.#started].map(async (child) => {
        const gone = once(child, 'exit')
        child.kill('SIGKILL')
        if (child.exitCode === null && child.signalCode === null) await gone
      }),
    )
    for (const name of this.#made) removeNamespace(name)
    rmSync(this.directory, { recursive: true, force: true })
  }
}

function hostLines({ on, macs = {}, via = [], routes = [] }: HostPlan): readonly string[] {
  return [
    'link set lo up',
    ...Object.entries(macs).map(([network, mac]) => `link set ${network} address ${mac}`),
    ...Object.entries(on).flatMap(([network, addresses]) => [
      `link set ${network} up`,
      ...addresses.map((address) => `addr add ${address} dev ${network}${address.includes(':') ? ' nodad' : ''}`),
    ]),
    ...via.map((address) => `route add default via ${address}`),
    ...routes.map((route) => `route add ${route}`),
  ]
}

function switchLines(networks: readonly (readonly [string, readonly string[]])[]): readonly string[] {
  return networks.flatMap(([network, hosts]) => [
    `link add ${network} type bridge`,
    `link set ${network} up`,
    ...hosts.flatMap((_, at) => [`link set ${network}${at} master ${network}`, `link set ${network}${at} up`]),
  ])
}

async function batch(options: readonly string[], lines: readonly string[]): Promise<void> {
  const child = spawn('ip', [...options, '-batch', '-'], { stdio: ['pipe', 'ignore', 'pipe'] })
  let problems = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => (problems += text))
  child.stdin.end(`${lines.join('\n')}\n`)
  const [status] = (await once(child, 'close')) as [number | null]
  if (status !== 0) throw new Error(`ip: ${problems}`)
}
