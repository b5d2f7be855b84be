import { spawnSync, type ChildProcess } from 'node:child_process'
import { mkdirSync, rmdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { findCgroupMount } from '@sallyport/kernel'
import { eventually } from '../../packages/kernel/test/eventually.ts'
import { RESOLVER } from './lab-hosts.ts'
import { Lab, type Ended, type RunOptions } from './lab.ts'

const CONNECT_ALL_THE_TIME = fileURLToPath(new URL('./connect-all-the-time.py', import.meta.url))
const CONNECTS = ['python3', CONNECT_ALL_THE_TIME]
const POLICY = `sallyport: 1
name: faults
mode: enforce
rules:
  - { id: web, action: allow, to: [allowed.test], ports: [80] }
  - { id: office, action: allow, to: [git.test], ports: [80], when: { days: mon-fri, hours: "08:00-18:00" } }
  - { id: rush, action: allow, to: [198.51.100.10], ports: [udp/1024-61023] }
`
const TRIAL = `${POLICY}  - { id: trial, action: allow, to: [198.51.100.20], ports: [80] }
`

export type Load = {
  readonly tried: number
  readonly passed: number
  readonly perSecond: number
  /** Allowed, and refused all the same. */
  readonly refused?: number
}
export type Recorded = { readonly stored: number; readonly dropped: Readonly<Record<string, number>> }
type Status = {
  readonly pid: number
  readonly kernel: object | null
  readonly spool: { readonly spooled: number; readonly dropped: Readonly<Record<string, number>> }
}

/** `sallyport up` for one cgroup of a lab, which allows one name, and what processes in it meet. */
export class GuardedHost implements AsyncDisposable {
  readonly #lab: Lab
  readonly #cgroup: string
  readonly #options: RunOptions
  readonly #arguments: readonly string[]
  #running: { readonly child: ChildProcess; readonly ended: Promise<Ended> } | null = null

  private constructor(lab: Lab, cgroup: string, args: readonly string[], options: RunOptions) {
    this.#lab = lab
    this.#cgroup = cgroup
    this.#arguments = args
    this.#options = options
  }

  static async open(args: readonly string[] = [], options: RunOptions = {}): Promise<GuardedHost> {
    const lab = await Lab.open()
    const cgroup = join(findCgroupMount(), `sallyport-faults-${process.pid}`)
    mkdirSync(cgroup)
    writeFileSync(join(lab.directory, 'policy.yaml'), POLICY)
    writeFileSync(join(lab.directory, 'trial.yaml'), TRIAL)
    return new GuardedHost(lab, cgroup, args, options)
  }

  /** Where it keeps what it knows. */
  get state(): string {
    return join(this.#lab.state, 'root')
  }

  /** What starts a command in its network. */
  get inItsNetwork(): readonly string[] {
    return this.#lab.inClient([])
  }

  get isRunning(): boolean {
    return this.#running !== null
  }

  async start(): Promise<void> {
    const policy = ['--policy', 'policy.yaml', '--mode', 'enforce', '--upstream', RESOLVER]
    const ready = Promise.withResolvers<void>()
    const ended = this.#lab.sallyport(['up', '--cgroup', this.#cgroup, '--json', ...policy, ...this.#arguments], {
      ...this.#options,
      onSpawn: (child) => {
        this.#running = { child, ended: ready.promise.then(() => ended) }
        child.stderr!.on('data', (text: Buffer) => text.includes('"ready"') && ready.resolve())
      },
    })
    void ended.then(({ stderr }) => ready.reject(new Error(stderr)))
    await ready.promise
  }

  async end(signal: NodeJS.Signals): Promise<void> {
    const running = this.#running
    this.#running = null
    running?.child.kill(signal)
    await running?.ended
  }

  /** Of the process that stores, when there is one. */
  async deskPid(): Promise<number> {
    let found = ''
    const guard = String((await this.status()).pid)
    await eventually(() => {
      found = spawnSync('pgrep', ['-P', guard, '-f', 'desk-main'], { encoding: 'utf8' }).stdout.trim()
      return found !== ''
    }, 'a desk')
    return Number(found)
  }

  status(): Promise<Status> {
    return this.#json('status')
  }

  /** So many flows a second, until the file is there; denied connects unless a program is given. */
  async load(perSecond: number, stopFile: string, program: readonly string[] = CONNECTS): Promise<Load> {
    const command = [...program, String(perSecond), stopFile]
    const { stdout, stderr } = await this.#lab.inCgroup(this.#cgroup, command)
    return JSON.parse(stdout || JSON.stringify(stderr)) as Load
  }

  /** What is wrong with it: something denied is reached, or what is allowed is not. */
  async faults(): Promise<readonly string[]> {
    const [allowed, denied] = await Promise.all(['allowed.test', '198.51.100.20'].map((host) => this.#fetch(host)))
    return [
      ...(allowed!.includes('hello') ? [] : [`allowed.test is not reached: ${allowed!}`]),
      ...(denied!.includes('hello') ? ['198.51.100.20 is reached'] : []),
    ]
  }

  reachesDenied(): Promise<boolean> {
    return this.reaches('198.51.100.20')
  }

  /** `addressed` is where the name is without anybody being asked. */
  async reaches(name: string, addressed?: string): Promise<boolean> {
    return (await this.#fetch(name, addressed)).includes('hello')
  }

  /** A policy that allows what is denied, until so many seconds have passed. */
  async try(seconds: number): Promise<void> {
    await this.#json('apply', '--mode', 'enforce', '--confirm', `${seconds}s`, join(this.#lab.directory, 'trial.yaml'))
  }

  /** Which detectors found something. */
  async alerts(): Promise<readonly string[]> {
    const { alerts } = await this.#json<{ alerts: readonly { readonly detector: string }[] }>('alerts')
    return [...new Set(alerts.map(({ detector }) => detector))]
  }

  /** In the store, and known to be missing; of the load alone. */
  async recorded(...place: readonly string[]): Promise<Recorded> {
    const filter = 'port:udp/1024-61023'
    const { rows } = await this.#json<{ rows: readonly { readonly flows: number }[] }>(
      'top',
      '--by',
      'verdict',
      filter,
      ...place,
    )
    const { dropped } = await this.#json<{ dropped: Readonly<Record<string, number>> }>(
      'flows',
      '--limit',
      '1',
      ...place,
    )
    return { stored: rows.reduce((sum, { flows }) => sum + flows, 0), dropped }
  }

  async #fetch(host: string, addressed?: string): Promise<string> {
    const known = addressed === undefined ? [] : ['--resolve', `${host}:80:${addressed}`]
    const command = ['curl', '-sS', '-m', '20', ...known, `http://${host}/`]
    const { stdout, stderr } = await this.#lab.inCgroup(this.#cgroup, command)
    return stdout + stderr
  }

  async #json<T>(...args: readonly string[]): Promise<T> {
    const { status, stdout, stderr } = await this.#lab.sallyport([...args, '--json'])
    if (status !== 0) throw new Error(stderr)
    return JSON.parse(stdout) as T
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.end('SIGTERM')
    rmdirSync(this.#cgroup)
    await this.#lab[Symbol.asyncDispose]()
  }
}
