import { execFileSync, spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, mkdirSync, openSync, readSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { untilListening } from './until-listening.ts'

/** The build whose addresses `clickhouse-server.c` knows: @chdb/lib-linux-x64-gnu 26.7.3-stable.1. */
const BUILD = 'd3d8f5517577ad52775b52318a193784b2fb5317'
const BUILD_AT = 0x2b8
export const LOGIN = 'ann:it%20is%20secret'

/** Why there can be no server here; null when there can. */
export function noServer(): string | null {
  const path = library()
  return path === null || buildOf(path) !== BUILD ? 'needs @chdb/lib-linux-x64-gnu 26.7.3-stable.1' : null
}

/** The program of all servers. */
export function buildServer(directory: string): string {
  const program = join(directory, 'server')
  execFileSync('clang', ['-O1', '-o', program, join(import.meta.dirname, 'clickhouse-server.c'), '-ldl'])
  return program
}

type Settings = {
  readonly program: string
  readonly home: string
  readonly http: number
  readonly tcp: number
  /** What is in its config.xml beside ports and users. */
  readonly config: string
  /** In a cluster, which one. */
  readonly number?: number
  /** What enters the network namespace that it listens in. */
  readonly prefix?: readonly string[]
}

/** One ClickHouse server on ports of loopback, in a process of its own. What it knew is there when it is started again. */
export class ClickHouseServer {
  readonly #settings: Settings
  #process: ChildProcess | null = null

  constructor(settings: Settings) {
    this.#settings = settings
  }

  async start(): Promise<void> {
    const { program, home, http, number, prefix = [] } = this.#settings
    mkdirSync(home, { recursive: true })
    writeFileSync(join(home, 'config.xml'), this.#config())
    writeFileSync(join(home, 'users.xml'), USERS)
    writeFileSync(join(home, 'start.sql'), START)
    const at = (option: string, name: string): readonly string[] => [option, join(home, name)]
    const files = [...at('--path', 'data'), ...at('--config-file', 'config.xml'), ...at('--queries-file', 'start.sql')]
    const [command, ...args] = [...prefix, 'setpriv', '--pdeathsig', 'KILL', program, ...files]
    const env = { ...process.env, CHDB: library()!, HTTP_PORT: String(http) }
    this.#process = spawn(command!, args, {
      cwd: home,
      stdio: 'ignore',
      env: number === undefined ? env : { ...env, SERVER: String(number) },
    })
    await untilListening(http, this.#process, prefix)
  }

  /** At once, as by kill -9. */
  async kill(): Promise<void> {
    const running = this.#process
    if (running === null) return
    const ended = once(running, 'exit')
    running.kill('SIGKILL')
    this.#process = null
    await ended
  }

  #config(): string {
    const { home, http, tcp, config } = this.#settings
    return `<clickhouse><listen_host>127.0.0.1</listen_host><tcp_port>${tcp}</tcp_port><http_port>${http}</http_port>
<user_directories><users_xml><path>${join(home, 'users.xml')}</path></users_xml></user_directories>
<http_handlers><rule><methods>GET,POST</methods><headers><Authorization>regex:.+</Authorization></headers>
<handler><type>dynamic_query_handler</type><query_param_name>query</query_param_name></handler></rule></http_handlers>
${config}</clickhouse>`
  }
}

const START = `SYSTEM START LISTEN TCP; SYSTEM START LISTEN HTTP;
SELECT number FROM system.numbers WHERE sleepEachRow(1) = 1 SETTINGS max_block_size = 1 FORMAT Null`

const user = (name: string, login: string): string =>
  `<${name}>${login}<networks><ip>127.0.0.1</ip></networks><profile>default</profile><quota>default</quota></${name}>`
const USERS = `<clickhouse><profiles><default/></profiles><quotas><default/></quotas><users>${user('default', '<no_password/>')}${user('ann', '<password>it is secret</password>')}</users></clickhouse>`

function library(): string | null {
  try {
    const found = createRequire(createRequire(import.meta.url).resolve('chdb')).resolve('@chdb/lib-linux-x64-gnu')
    return join(dirname(found), 'libchdb.so')
  } catch {
    return null
  }
}

function buildOf(path: string): string {
  const file = openSync(path, 'r')
  const id = Buffer.alloc(20)
  readSync(file, id, 0, id.length, BUILD_AT)
  closeSync(file)
  return id.toString('hex')
}
