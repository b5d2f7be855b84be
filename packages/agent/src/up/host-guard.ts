import { join } from 'node:path'
import { compileApart, serversOf, type CounterValues, type ForwarderService } from '@sallyport/dns'
import type { FlowRecord } from '@sallyport/flow'
import {
  cgroupId,
  NOTHING_LOST,
  PIN_ROOT,
  removeHandshakeRules,
  removePinned,
  requireMachine,
  type KernelCounters,
  type Lost,
} from '@sallyport/kernel'
import type { Policy, World } from '@sallyport/policy'
import { ExecutablePaths } from '../host/executable-paths.ts'
import type { LocalClientCounters } from '../host/local-clients.ts'
import { ProcessTree } from '../host/process-tree.ts'
import { HostReader } from '../host/host-reader.ts'
import { askPolicy, type AskedPolicy } from '../run/asked-policy.ts'
import type { InspectionStatus } from '../inspect/handshake-guard.ts'
import { WatchedFlows, type WatchedCounters } from '../inspect/watched-flows.ts'
import { BegunFlows } from '../run/begun-flows.ts'
import { BoundNames } from '../run/bound-names.ts'
import { EventStream } from '../run/event-stream.ts'
import { idOfSocket } from '../run/flow-id.ts'
import { PolicyInForce } from '../run/policy-in-force.ts'
import { randomSeed } from '../run/random-seed.ts'
import { startRunResolver, type RunResolver } from '../run/run-resolver.ts'
import { attachHost, type Attached } from './attach-host.ts'
import { enforces } from './host-policy.ts'

export type HostStatistics = {
  readonly kernel: KernelCounters
  readonly dns: CounterValues
  /** Processes behind look-ups. */
  readonly askers: LocalClientCounters
  /** Null while no policy needed it. */
  readonly inspection: InspectionStatus | null
  readonly watched: WatchedCounters
}

export type HostGuardOptions = {
  /** All processes in it and below are guarded; the root of the hierarchy is the whole host. */
  readonly cgroupPath: string
  /** Whom the resolver asks under a policy. */
  readonly serviceFor: (policy: Policy) => Promise<ForwarderService>
  readonly onFlow: (record: FlowRecord) => void
  readonly onNotice: (text: string) => void
}

type Current = { readonly asked: AskedPolicy; readonly inForce: PolicyInForce }

/**
 * This host's processes under a policy that may change. A policy that only watches leaves nothing in the kernel when this
 * process dies; one that enforces is pinned, and goes on without it.
 */
export class HostGuard implements AsyncDisposable {
  readonly #options: HostGuardOptions
  readonly #names = new BoundNames()
  readonly #begun = new BegunFlows()
  readonly #watched: WatchedFlows
  readonly #processes = new ProcessTree()
  readonly #reader: HostReader
  readonly #executables = new ExecutablePaths(process.env['PATH'] ?? '')
  readonly #pinPath: string
  /** Of what it has in netfilter. */
  readonly #rulesName: string
  #current: Current
  #following: Disposable | null = null
  #attached: Attached | null = null
  #resolver: RunResolver | null = null
  /** By enforcement that was closed. */
  #lost: Lost = NOTHING_LOST

  private constructor(options: HostGuardOptions, reader: HostReader, current: Current) {
    this.#options = options
    this.#reader = reader
    this.#current = current
    this.#watched = new WatchedFlows({ begun: this.#begun, onFlow: options.onFlow })
    this.#rulesName = `host-${cgroupId(options.cgroupPath)}`
    this.#pinPath = join(PIN_ROOT, this.#rulesName)
  }

  static async open(options: HostGuardOptions, policy: Policy, world: World): Promise<HostGuard> {
    requireMachine()
    const reader = new HostReader(options.cgroupPath)
    const guard = new HostGuard(options, reader, await prepare(reader, policy, world, new BoundNames()))
    try {
      guard.#resolver = await startRunResolver({
        asked: () => guard.#current.asked,
        // This host's own processes ask, and none of them is turned away.
        service: serversOf(await options.serviceFor(policy)),
        findsProcesses: true,
        bind: (bindings) => guard.#current.inForce.bind(bindings),
        onFlow: options.onFlow,
        onWarning: options.onNotice,
      })
      await guard.apply(policy, world)
      return guard
    } catch (error) {
      await guard[Symbol.asyncDispose]()
      throw error
    }
  }

  /** The policy is in force when this returns; when it throws, the one before still is. */
  async apply(policy: Policy, world: World): Promise<void> {
    const next = await prepare(this.#reader, policy, world, this.#names)
    const service = serversOf(await this.#options.serviceFor(policy))
    const pinned = enforces(policy)
    const before = this.#attached
    const attached = before?.pinned === pinned ? before : await this.#attach(pinned)
    try {
      this.#put(attached, next, policy, world)
    } catch (error) {
      if (attached !== before) await this.#close(attached)
      throw error
    }
    if (attached !== before) attached.listen()
    this.#attached = attached
    this.#resolver!.change(service)
    if (before !== null && before !== attached) await this.#close(before)
    // What an agent that enforced and was killed has left.
    if (!pinned) removePinned(this.#pinPath)
    if (attached !== before && (!pinned || attached.inspected.isIdle)) removeHandshakeRules(this.#rulesName)
    attached.enforcement.closeDenied()
  }

  #put(attached: Attached, { asked, inForce }: Current, policy: Policy, world: World): void {
    const stream = new EventStream({
      policy,
      world,
      host: () => inForce.host,
      executables: this.#executables,
      processes: this.#processes,
      begun: this.#begun,
      watched: this.#watched,
      rulesOf: (generation) => attached.inspected.get(generation)?.rules ?? null,
      names: this.#names,
      onFlow: this.#options.onFlow,
    })
    const next = attached.enforcement.generation + 1
    attached.events.begin(next, stream)
    attached.ends.begin(next, { receive: (ended) => stream.ended(ended) })
    attached.judged.begin(next, { receive: (handshake) => stream.judged(handshake) })
    const following = inForce.enforceWith(attached.enforcement, this.#reader, attached.inspected)
    this.#following?.[Symbol.dispose]()
    this.#following = following
    this.#current = { asked, inForce }
  }

  /** Of the enforcement of the mode that is on. */
  counters(): KernelCounters | null {
    return this.#attached?.enforcement.counters() ?? null
  }

  /** Of everything that counts. */
  statistics(): HostStatistics | null {
    if (this.#attached === null || this.#resolver === null) return null
    const { enforcement, inspectionStatus } = this.#attached
    return {
      kernel: enforcement.counters(),
      dns: this.#resolver.counters(),
      askers: this.#resolver.askers(),
      inspection: inspectionStatus(),
      watched: this.#watched.counters(),
    }
  }

  takeLost(): Lost {
    const lost = addLost(this.#lost, this.#attached?.enforcement.takeLost() ?? NOTHING_LOST)
    this.#lost = NOTHING_LOST
    return lost
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#following?.[Symbol.dispose]()
    this.#following = null
    const attached = this.#attached
    this.#attached = null
    if (attached !== null) await this.#close(attached)
    this.#watched[Symbol.dispose]()
    await this.#resolver?.[Symbol.asyncDispose]()
  }

  #attach(pinned: boolean): Promise<Attached> {
    const { v4, v6, port } = this.#resolver!
    return attachHost({
      cgroupPath: this.#options.cgroupPath,
      pinPath: pinned ? this.#pinPath : null,
      rulesName: this.#rulesName,
      resolver: { v4, ...(v6 === null ? {} : { v6 }), port },
      names: this.#names,
      onOctets: (octets) => this.#watched.see(idOfSocket({ cookie: octets.of, timeNs: octets.sinceNs }), octets),
    })
  }

  async #close(attached: Attached): Promise<void> {
    this.#lost = addLost(this.#lost, await attached.close())
  }
}

function addLost(one: Lost, other: Lost): Lost {
  return { events: one.events + other.events, ends: one.ends + other.ends }
}

/** Everything that may fail about a policy fails here, before anything changes. */
async function prepare(reader: HostReader, policy: Policy, world: World, names: BoundNames): Promise<Current> {
  const options = { atMs: Date.now(), seed: randomSeed() }
  const compiled = await compileApart(policy, world, options)
  return {
    asked: askPolicy(compiled),
    inForce: new PolicyInForce(compiled, await reader.read(policy), names),
  }
}
