import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freePort } from '../free-port.ts'
import { buildServer, ClickHouseServer, LOGIN, noServer } from './clickhouse-server.ts'
import { hasKeeper, Keeper } from './keeper.ts'

const SHARDS = [1, 1, 2, 2]

type Member = { readonly http: number; readonly server: ClickHouseServer }

/** Why there can be no cluster here; null when there can. */
export function noCluster(): string | null {
  return hasKeeper() ? noServer() : 'needs the packages zookeeper and default-jre-headless'
}

/** Two shards of two replicas each, on ports of loopback, with a ZooKeeper: ClickHouse's own code in five processes. */
export class Cluster implements AsyncDisposable {
  readonly keeper: Keeper
  readonly #directory: string
  readonly #members: readonly Member[]

  private constructor(directory: string, keeper: Keeper, members: readonly Member[]) {
    this.#directory = directory
    this.keeper = keeper
    this.#members = members
  }

  static async start(): Promise<Cluster> {
    const directory = mkdtempSync(join(tmpdir(), 'sallyport-cluster-'))
    const program = buildServer(directory)
    const ports: number[] = []
    for (let at = 0; at <= SHARDS.length * 2; at++) ports.push(await freePort())
    const [keeperPort, ...others] = ports as [number, ...number[]]
    const tcpPorts = others.splice(SHARDS.length)
    const members = SHARDS.map((_, at) => {
      const [http, tcp] = [others[at]!, tcpPorts[at]!]
      const config = configOf(at, keeperPort, tcpPorts)
      const home = join(directory, String(at))
      return { http, server: new ClickHouseServer({ program, home, http, tcp, config, number: at }) }
    })
    const cluster = new Cluster(directory, new Keeper(join(directory, 'keeper'), keeperPort), members)
    await cluster.keeper.start()
    await Promise.all(members.map(({ server }) => server.start()))
    return cluster
  }

  /** The address of a store, by one of the servers. */
  address(server: number, database: string, parameters = ''): string {
    return `http://${LOGIN}@127.0.0.1:${this.#members[server]!.http}/${database}?cluster=fleet${parameters}`
  }

  /** Asks one server alone. */
  async ask(server: number, statement: string): Promise<string> {
    const headers = { authorization: `Basic ${Buffer.from(decodeURIComponent(LOGIN)).toString('base64')}` }
    const url = `http://127.0.0.1:${this.#members[server]!.http}/`
    const answer = await fetch(url, { method: 'POST', body: statement, headers })
    const text = await answer.text()
    if (!answer.ok) throw new Error(text)
    return text.trim()
  }

  start(at: number): Promise<void> {
    return this.#members[at]!.server.start()
  }

  /** At once, as by kill -9. */
  kill(at: number): Promise<void> {
    return this.#members[at]!.server.kill()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const at of SHARDS.keys()) await this.kill(at)
    await this.keeper.kill()
    rmSync(this.#directory, { recursive: true, force: true })
  }
}

/** Of one server: where Keeper is, which replica it is, and who the others are. */
function configOf(at: number, keeperPort: number, tcpPorts: readonly number[]): string {
  const replica = (port: number): string =>
    `<replica><host>127.0.0.1</host><port>${port}</port><user>ann</user><password>it is secret</password></replica>`
  const shards = [1, 2].map((shard) => {
    const replicas = tcpPorts.filter((_, each) => SHARDS[each] === shard).map(replica)
    return `<shard><internal_replication>true</internal_replication>${replicas.join('')}</shard>`
  })
  return `<zookeeper><node><host>127.0.0.1</host><port>${keeperPort}</port></node><session_timeout_ms>6000</session_timeout_ms></zookeeper>
<macros><shard>${SHARDS[at]}</shard><replica>${at}</replica></macros><distributed_ddl><path>/clickhouse/task_queue/ddl</path></distributed_ddl>
<default_replica_path>/clickhouse/tables/{uuid}/{shard}</default_replica_path><default_replica_name>{replica}</default_replica_name>
<remote_servers><fleet>${shards.join('')}</fleet></remote_servers>`
}
