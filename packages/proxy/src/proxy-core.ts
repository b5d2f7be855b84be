import { randomBytes } from 'node:crypto'
import type { CompiledPolicy } from '@sallyport/compile'
import type { Flow } from '@sallyport/policy'
import type { Client } from './client/client.ts'
import { SharedBudgets, type Spend } from './allowance/shared-budgets.ts'
import { RequestRates } from './client/request-rates.ts'
import { OwnListeners } from './connect/own-listeners.ts'
import { NameAddresses } from './connect/name-addresses.ts'
import { UpstreamPool } from './connect/upstream-pool.ts'
import { Counters } from './counters.ts'
import { ProxyJudge } from './decide/proxy-judge.ts'
import { serverEndPoint } from './identity/kerberos/server-end-point.ts'
import { IcapClient } from './icap/icap-client.ts'
import { LeafContexts } from './inspect/leaf-contexts.ts'
import { DEFAULT_PROXY_LIMITS, DEFAULT_PROXY_TIMEOUTS, type ProxyLimits, type ProxyTimeouts } from './limits.ts'
import type { OpenRecord } from './log/open-record.ts'
import type { ProxyOptions } from './options.ts'
import { SocketLoop } from './sockets/socket-loop.ts'
import { BulkMover } from './tunnel/bulk/bulk-mover.ts'

/** A tunnel as the policy knows it; `cut` ends it at once. */
export type RunningTunnel = { readonly flow: Flow; readonly cut: () => void }

/** What all connections of one proxy share. */
export class ProxyCore implements AsyncDisposable {
  readonly options: ProxyOptions
  readonly limits: ProxyLimits
  readonly timeouts: ProxyTimeouts
  readonly counters: Counters = new Counters()
  readonly names: NameAddresses
  readonly pool: UpstreamPool
  readonly own: OwnListeners = new OwnListeners()
  readonly rates: RequestRates
  readonly leaves: LeafContexts | null
  /** Of the TLS that clients speak to this proxy. */
  readonly endPoint: Buffer | null
  readonly spend: Spend
  /** `null`: all sockets are Node's. */
  readonly loop: SocketLoop | null
  readonly icap: { readonly request: IcapClient | null; readonly response: IcapClient | null }
  readonly tunnels: Set<RunningTunnel> = new Set()
  /** Connections of HTTP/2; to be closed is to take no more requests. */
  readonly sessions: Set<{ close(): void }> = new Set()
  /** Clients between two requests, and those that have said nothing yet. */
  readonly idle: Set<Client> = new Set()
  /** RFC 9110 §7.6.3: a name of one's own, so that a request that comes back is known. */
  readonly via: string = `sallyport-${randomBytes(4).toString('hex')}`
  judge: ProxyJudge
  isDraining = false
  #bulk: BulkMover | null | undefined = undefined

  constructor(options: ProxyOptions) {
    this.options = options
    this.limits = { ...DEFAULT_PROXY_LIMITS, ...options.limits }
    this.timeouts = { ...DEFAULT_PROXY_TIMEOUTS, ...options.timeouts }
    this.names = new NameAddresses(options.resolveName, this.limits, this.timeouts, this.counters)
    this.pool = new UpstreamPool(this.limits.idleUpstreams)
    this.rates = new RequestRates(this.limits.requestsPerSecond)
    const budgets = new SharedBudgets()
    this.spend = options.spend ?? ((spending) => budgets.spend(spending, performance.now()))
    this.loop = options.ownsSockets === true ? SocketLoop.open() : null
    this.endPoint = options.tls ? serverEndPoint(options.tls.cert) : null
    this.leaves = options.inspect ? new LeafContexts(options.inspect.authority) : null
    const { request = null, response = null } = options.icap ?? {}
    this.icap = {
      request: request && new IcapClient(this, request, 'REQMOD'),
      response: response && new IcapClient(this, response, 'RESPMOD'),
    }
    this.judge = new ProxyJudge(options.policy)
  }

  /** Requests from now on are judged by the new policy, and tunnels that it denies are cut. */
  replacePolicy(policy: CompiledPolicy): void {
    this.judge = new ProxyJudge(policy)
    this.names.forget()
    for (const { flow, cut } of this.tunnels) {
      if (this.judge.judge({ ...flow, time: Date.now() }, true).outcome !== 'deny') continue
      this.counters.add('tunnelsCutByPolicy')
      cut()
    }
  }

  /** Made when first needed; `null` where there is none, or shall be none. */
  get bulk(): BulkMover | null {
    if (this.#bulk === undefined) this.#bulk = this.options.movesBulk === true ? BulkMover.open() : null
    return this.#bulk
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#bulk?.[Symbol.asyncDispose]()
    this.loop?.[Symbol.dispose]()
  }

  finish(open: OpenRecord): void {
    const { onRecord } = this.options
    const record = open.close(onRecord !== undefined)
    this.counters.add('octetsOut', record.bytesOut)
    this.counters.add('octetsIn', record.bytesIn)
    if (record.reason !== null) this.counters.refuse(record.reason)
    else this.counters.add(open.isMonitored ? 'monitored' : 'allowed')
    onRecord?.(record)
  }
}
