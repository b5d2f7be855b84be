import { compileApart, type CounterValues, type ForwarderService } from '@sallyport/dns'
import type { FlowRecord } from '@sallyport/flow'
import {
  gatewayPins,
  networkInterface,
  NOTHING_LOST,
  openGateway,
  removeGateway,
  requireMachine,
  tableCounters,
  type ForwardedTicket,
  type Gateway,
  type GatewayCounters,
  type GatewayTable,
  type Lost,
} from '@sallyport/kernel'
import type { Prefix } from '@sallyport/net'
import type { Policy, World } from '@sallyport/policy'
import { HandshakeGuard, type InspectionStatus } from '../inspect/handshake-guard.ts'
import { InspectedGenerations } from '../inspect/inspected-generations.ts'
import { policyOfTables } from '../inspect/policy-of-tables.ts'
import type { WatchedCounters } from '../inspect/watched-flows.ts'
import type { SeenRules } from '../inspect/with-first-octets.ts'
import { BoundNames } from '../run/bound-names.ts'
import type { LocalForwarder } from '../run/local-forwarder.ts'
import { randomSeed } from '../run/random-seed.ts'
import { enforces } from '../up/host-policy.ts'
import type { GuardedNetworks } from './client-table.ts'
import { forward } from './forwarding.ts'
import { GatewayNetfilter, gatewayTable } from './gateway-netfilter.ts'
import { GatewayPolicy } from './gateway-policy.ts'
import { GatewayRecords } from './gateway-records.ts'
import { startGatewayResolver } from './gateway-resolver.ts'
import { families, guardedNetworks, type InterfaceAddresses } from './guarded-networks.ts'
import { KnownClients } from './known-clients.ts'
import { NOT_OFFLOADED, OffloadedFlows, type OffloadMode, type OffloadStatus } from './offloaded-flows.ts'

export type GatewayGuardOptions = {
  readonly lan: string
  readonly wan: string
  /** Prefixes behind the interface, instead of what its routes say. */
  readonly networks: readonly Prefix[]
  readonly masquerade: GatewayTable['masquerade']
  readonly ftp: boolean
  /** Whether allowed flows that carry much pass netfilter by; `auto`: while nobody else's rules look at them. */
  readonly offload: OffloadMode
  readonly clientsFile: string | null
  readonly leaseFiles: readonly string[]
  readonly maxFlows: number | null
  /** Whom the resolver asks under a policy, and how often one client may ask. */
  readonly serviceFor: (policy: Policy) => Promise<ForwarderService>
  readonly onFlow: (record: FlowRecord) => void
  readonly onNotice: (text: string) => void
}

export type GatewayStatistics = {
  readonly kernel: GatewayCounters
  /** Packets that netfilter stopped; empty in monitor mode. */
  readonly netfilter: Readonly<Record<string, number>>
  /** How often somebody else had changed or removed its table. */
  readonly tablesRestored: number
  readonly dns: CounterValues
  readonly offload: OffloadStatus
  /** Null while no policy needed it. */
  readonly inspection: InspectionStatus | null
  readonly watched: WatchedCounters
}

/** Forwarded traffic of one interface under a policy that may change. */
export class GatewayGuard implements AsyncDisposable {
  readonly #options: GatewayGuardOptions
  readonly #networks: GuardedNetworks
  readonly #known: KnownClients
  readonly #names: BoundNames
  readonly #records: GatewayRecords
  readonly #inspected = new InspectedGenerations()
  readonly #scope = new AsyncDisposableStack()
  #gateway: Gateway | null = null
  #inspector: HandshakeGuard<ForwardedTicket> | null = null
  #inspection: DisposableStack | null = null
  #resolver: LocalForwarder | null = null
  #current: GatewayPolicy
  #following: Disposable | null = null
  #netfilter: GatewayNetfilter | null = null
  #offloaded: OffloadedFlows | null = null

  private constructor(
    options: GatewayGuardOptions,
    networks: GuardedNetworks,
    known: KnownClients,
    names: BoundNames,
    first: GatewayPolicy,
  ) {
    this.#options = options
    this.#networks = networks
    this.#known = known
    this.#names = names
    this.#current = first
    const rulesOf = (generation: number): SeenRules => this.#inspected.get(generation)?.rules ?? null
    this.#records = new GatewayRecords({ names, rulesOf, onFlow: options.onFlow })
  }

  static async open(options: GatewayGuardOptions, policy: Policy, world: World): Promise<GatewayGuard> {
    requireMachine()
    const { addresses, networks } = guardedNetworks(options)
    const known = await KnownClients.read(options.clientsFile, options.leaseFiles)
    const names = new BoundNames()
    const first = await prepare(policy, world, networks, known, names)
    const guard = new GatewayGuard(options, networks, known, names, first)
    try {
      await guard.#start(addresses, await guard.#serviceFor(policy))
      await guard.apply(policy, world)
      guard.#listen(guard.#gateway!)
      guard.#scope.use(forward(options.wan, families(networks), gatewayPins(options.lan)))
      guard.#offload()
      const { onNotice } = options
      guard.#scope.use(known.follow(() => guard.#current.followClients(), onNotice))
      return guard
    } catch (error) {
      await guard[Symbol.asyncDispose]()
      throw error
    }
  }

  async #start(addresses: InterfaceAddresses, service: ForwarderService): Promise<void> {
    const { lan, maxFlows, onFlow, onNotice } = this.#options
    this.#scope.defer(() => removeGateway(lan))
    const tableFor = (enforce: boolean): GatewayTable => gatewayTable(this.#options, enforce, this.#resolver!)
    this.#netfilter = this.#scope.use(new GatewayNetfilter(this.#options, tableFor, onNotice))
    this.#resolver = this.#scope.use(
      await startGatewayResolver({
        policy: () => this.#current,
        addresses,
        service,
        onFlow,
        onWarning: onNotice,
      }),
    )
    this.#scope.use(this.#records)
    this.#gateway = this.#scope.use(await openGateway({ lan, ...(maxFlows === null ? {} : { maxFlows }) }))
    this.#gateway.firstOctets((octets) => this.#records.saidFirst(octets))
  }

  /** From the first policy on: it tells what was decided and ended before, too, while nobody listened. */
  #listen(gateway: Gateway): void {
    gateway.events((event) => {
      this.#records.receive(event)
      if (event.limit !== null && event.mode === 'enforce') gateway.end(event)
    })
    gateway.ends((end) => this.#records.ended(end))
  }

  /** The policy is in force when this returns; when it throws, the one before still is. */
  async apply(policy: Policy, world: World): Promise<void> {
    const next = await prepare(policy, world, this.#networks, this.#known, this.#names)
    const service = await this.#serviceFor(policy)
    const enforce = enforces(policy)
    // What is not judged yet does not leave: the table comes before the program, and goes behind it.
    if (enforce) this.#netfilter!.put(true)
    const following = next.enforceWith(this.#gateway!, (generation, table, rules) => {
      this.#records.begin(generation, policy, world, table)
      // Under a policy that only watches, or asks no handshake, nothing waits.
      if (enforce && rules.resume.size > 0) this.#inspect()
      this.#inspected.keep(generation, rules)
    })
    this.#following?.[Symbol.dispose]()
    this.#following = following
    this.#current = next
    this.#resolver!.change(service)
    if (enforce) return
    this.#netfilter!.put(false)
    this.#endInspection()
  }

  /** The guarded network is who asks, whatever else the policy says. */
  async #serviceFor(policy: Policy): Promise<ForwarderService> {
    return { ...(await this.#options.serviceFor(policy)), clients: this.#networks.all }
  }

  counters(): GatewayCounters | null {
    return this.#gateway?.counters() ?? null
  }

  takeLost(): Lost {
    return this.#gateway?.takeLost() ?? NOTHING_LOST
  }

  statistics(): GatewayStatistics {
    return {
      kernel: this.#gateway!.counters(),
      netfilter: tableCounters(this.#options.lan) ?? {},
      tablesRestored: this.#netfilter!.restored,
      dns: this.#resolver!.counters(),
      offload: this.#offloaded?.status() ?? NOT_OFFLOADED,
      inspection: this.#inspector?.counters() ?? null,
      watched: this.#records.watched(),
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#following?.[Symbol.dispose]()
    this.#following = null
    this.#endInspection()
    await this.#scope.disposeAsync()
  }

  #inspect(): void {
    if (this.#inspection !== null) return
    using scope = new DisposableStack()
    const handshakes = scope.use(this.#gateway!.handshakes())
    this.#inspector = scope.use(
      new HandshakeGuard({
        handshakes,
        ...policyOfTables((generation) => this.#inspected.get(generation), this.#names),
        onJudged: (handshake) => this.#records.judged(handshake),
      }),
    )
    this.#inspection = scope.move()
  }

  #endInspection(): void {
    this.#inspection?.[Symbol.dispose]()
    this.#inspection = null
    this.#inspector = null
  }

  #offload(): void {
    const { lan, wan, offload, onNotice } = this.#options
    if (offload === 'off') return
    const isFramed = [lan, wan].every((name) => networkInterface(name).isEthernet)
    if (!isFramed) return onNotice('every packet goes through netfilter: an interface has no Ethernet frames')
    try {
      this.#offloaded = this.#scope.use(new OffloadedFlows(this.#gateway!.offload(wan), offload, onNotice))
    } catch (error) {
      onNotice(`every packet goes through netfilter: ${error instanceof Error ? error.message : String(error)}`)
    }
  }
}

/** Clients go on being answered meanwhile, however long the lists of the policy are. */
async function prepare(
  policy: Policy,
  world: World,
  networks: GuardedNetworks,
  known: KnownClients,
  names: BoundNames,
): Promise<GatewayPolicy> {
  const options = { atMs: Date.now(), seed: randomSeed() }
  const compiled = await compileApart(policy, world, options)
  return new GatewayPolicy(compiled, networks, known, names)
}
