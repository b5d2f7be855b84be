import { execFileSync, spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, mkdirSync, mkdtempSync, openSync, readSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { freePort } from '../free-port.ts'
import { hasKeeper, Keeper } from './keeper.ts'
import { untilListening } from './until-listening.ts'

/** The build whose addresses `clickhouse-server.c` knows: @chdb/lib-linux-x64-gnu 26.7.3-stable.1. */
const BUILD = 'd3d8f5517577ad52775b52318a193784b2fb5317'
const BUILD_AT = 0x2b8
const SHARDS = [1, 1, 2, 2]
const LOGIN = 'ann:it%20is%20secret'

type Server = { readonly http: number; readonly tcp: number; process: ChildProcess | null }

/** Why there can be no cluster here; null when there can. */
export function noCluster(): string | null {
  if (!hasKeeper()) return 'needs the packages zookeeper and default-jre-headless'
  const path = library()
  if (path === null || buildOf(path) !== BUILD) return 'needs @chdb/lib-linux-x64-gnu 26.7.3-stable.1'
  return null
}

/** Two shards of two replicas each, on ports of loopback, with a ZooKeeper: ClickHouse's own code in five processes. */
export class Cluster implements AsyncDisposable {
  readonly keeper: Keeper
  readonly #directory: string
  readonly #servers: readonly Server[]

  private constructor(directory: string, keeper: Keeper, servers: readonly Server[]) {
    this.#directory = directory
    this.keeper = keeper
    this.#servers = servers
  }

  static async start(): Promise<Cluster> {
    const directory = mkdtempSync(join(tmpdir(), 'sallyport-cluster-'))
    const source = join(import.meta.dirname, 'clickhouse-server.c')
    execFileSync('clang', ['-O1', '-o', join(directory, 'server'), source, '-ldl'])
    const servers: Server[] = []
    for (const _ of SHARDS) servers.push({ http: await freePort(), tcp: await freePort(), process: null })
    const cluster = new Cluster(directory, new Keeper(join(directory, 'keeper'), await freePort()), servers)
    await cluster.keeper.start()
    await Promise.all(servers.map((_, at) => cluster.start(at)))
    return cluster
  }

  /** The address of a store, by one of the servers. */
  address(server: number, database: string, parameters = ''): string {
    return `http://${LOGIN}@127.0.0.1:${this.#servers[server]!.http}/${database}?cluster=fleet${parameters}`
  }

  /** Asks one server alone. */
  async ask(server: number, statement: string): Promise<string> {
    const headers = { authorization: `Basic ${Buffer.from(decodeURIComponent(LOGIN)).toString('base64')}` }
    const url = `http://127.0.0.1:${this.#servers[server]!.http}/`
    const answer = await fetch(url, { method: 'POST', body: statement, headers })
    const text = await answer.text()
    if (!answer.ok) throw new Error(text)
    return text.trim()
  }

  async start(at: number): Promise<void> {
    const server = this.#servers[at]!
    const home = join(this.#directory, String(at))
    mkdirSync(home, { recursive: true })
    writeFileSync(join(home, 'config.xml'), this.#config(at))
    writeFileSync(join(home, 'users.xml'), USERS)
    writeFileSync(join(home, 'start.sql'), START)
    const files = [
      '--path',
      join(home, 'data'),
      '--config-file',
      join(home, 'config.xml'),
      '--queries-file',
      join(home, 'start.sql'),
    ]
    server.process = spawn('setpriv', ['--pdeathsig', 'KILL', join(this.#directory, 'server'), ...files], {
      cwd: home,
      stdio: 'ignore',
      env: { ...process.env, CHDB: library()!, SERVER: String(at), HTTP_PORT: String(server.http) },
    })
    await untilListening(server.http, server.process)
  }

  /** At once, as by kill -9. */
  async kill(at: number): Promise<void> {
    const running = this.#servers[at]!.process
    if (running === null) return
    const ended = once(running, 'exit')
    running.kill('SIGKILL')
    this.#servers[at]!.process = null
    await ended
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const at of SHARDS.keys()) await this.kill(at)
    await this.keeper.kill()
    rmSync(this.#directory, { recursive: true, force: true })
  }

  #config(at: number): string {
    const { http, tcp } = this.#servers[at]!
    const replicas = (shard: number): string =>
      this.#servers
        .filter((_, each) => SHARDS[each] === shard)
        .map(
          (each) =>
            `<replica><host>127.0.0.1</host><port>${each.tcp}</port><user>ann</user><password>it is secret</password></replica>`,
        )
        .join('')
    const shards = [1, 2].map(
      (each) => `<shard><internal_replication>true</internal_replication>${replicas(each)}</shard>`,
    )
    return `<clickhouse><listen_host>127.0.0.1</listen_host><tcp_port>${tcp}</tcp_port><http_port>${http}</http_port>
<zookeeper><node><host>127.0.0.1</host><port>${this.keeper.port}</port></node><session_timeout_ms>6000</session_timeout_ms></zookeeper>
<macros><shard>${SHARDS[at]}</shard><replica>${at}</replica></macros><distributed_ddl><path>/clickhouse/task_queue/ddl</path></distributed_ddl>
<default_replica_path>/clickhouse/tables/{uuid}/{shard}</default_replica_path><default_replica_name>{replica}</default_replica_name>
<user_directories><users_xml><path>${join(this.#directory, String(at), 'users.xml')}</path></users_xml></user_directories>
<http_handlers><rule><methods>GET,POST</methods><headers><Authorization>regex:.+</Authorization></headers>
<handler><type>dynamic_query_handler</type><query_param_name>query</query_param_name></handler></rule></http_handlers>
<remote_servers><fleet>${shards.join('')}</fleet></remote_servers></clickhouse>`
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
