import { join } from 'node:path'
import { compileApart, serversOf, type ForwarderService } from '@sallyport/dns'
import type { FlowRecord } from '@sallyport/flow'
import {
  cgroupId,
  findCgroupMount,
  NOTHING_LOST,
  openEnforcement,
  PIN_ROOT,
  removeHandshakeRules,
  removePinned,
  requireMachine,
  type EndedFlow,
  type Enforcement,
  type KernelCounters,
  type KernelEvent,
  type Lost,
} from '@sallyport/kernel'
import type { Policy, World } from '@sallyport/policy'
import { byMachine } from '../host/by-machine.ts'
import { ExecutablePaths } from '../host/executable-paths.ts'
import { ProcessTree } from '../host/process-tree.ts'
import { HostReader } from '../host/host-reader.ts'
import { askPolicy, type AskedPolicy } from '../run/asked-policy.ts'
import { HandshakeGuard, OWN_LIMITS, type JudgedHandshake } from '../inspect/handshake-guard.ts'
import { InspectedGenerations } from '../inspect/inspected-generations.ts'
import { policyOfTables } from '../inspect/policy-of-tables.ts'
import { BegunFlows } from '../run/begun-flows.ts'
import { BoundNames } from '../run/bound-names.ts'
import { EventStream } from '../run/event-stream.ts'
import { LimitCloser } from '../run/limit-closer.ts'
import type { LoopbackForwarder } from '../run/local-forwarder.ts'
import { PolicyInForce } from '../run/policy-in-force.ts'
import { randomSeed } from '../run/random-seed.ts'
import { startRunResolver } from '../run/run-resolver.ts'
import { enforces } from './host-policy.ts'
import { PolicyEvents } from './policy-events.ts'
import type { Guarding } from './serve-host.ts'

/** The processes of a cgroup; null is the whole host. */
export function hostGuarding(
  cgroup: string | null,
  serviceFor: HostGuardOptions['serviceFor'],
  onNotice: (text: string) => void,
): Guarding {
  const cgroupPath = cgroup ?? findCgroupMount()
  return {
    what: cgroupPath,
    open: (policy, world, onFlow) =>
      HostGuard.open({ cgroupPath, serviceFor, onFlow, onNotice }, policy, world).catch((error: unknown) => {
        throw byMachine(error)
      }),
  }
}

type HostGuardOptions = {
  /** All processes in it and below are guarded; the root of the hierarchy is the whole host. */
  readonly cgroupPath: string
  /** Whom the resolver asks under a policy. */
  readonly serviceFor: (policy: Policy) => Promise<ForwarderService>
  readonly onFlow: (record: FlowRecord) => void
  readonly onNotice: (text: string) => void
}

/** About 140,000 events: what a host decides while this process is held up for a second or more. */
const EVENT_BYTES = 2 ** 24

/** By the generation that let the flow through. */
type EndedEvent = EndedFlow & { readonly generation: number }

type Current = { readonly asked: AskedPolicy; readonly inForce: PolicyInForce }
type Attached = {
  readonly enforcement: Enforcement
  readonly pinned: boolean
  readonly events: PolicyEvents<KernelEvent>
  readonly ends: PolicyEvents<EndedEvent>
  readonly judged: PolicyEvents<JudgedHandshake>
  readonly inspected: InspectedGenerations
  /** What judges handshakes, where anything is enforced, and what ends connections over a limit. */
  readonly inspection: AsyncDisposableStack
}

/**
 * This host's processes under a policy that may change. A policy that only watches leaves nothing in the kernel when this
 * process dies; one that enforces is pinned, and goes on without it.
 */
class HostGuard implements AsyncDisposable {
  readonly #options: HostGuardOptions
  readonly #names = new BoundNames()
  readonly #begun = new BegunFlows()
  readonly #processes = new ProcessTree()
  readonly #reader: HostReader
  readonly #executables = new ExecutablePaths(process.env['PATH'] ?? '')
  readonly #pinPath: string
  /** Of what it has in netfilter. */
  readonly #rulesName: string
  #current: Current
  #following: Disposable | null = null
  #attached: Attached | null = null
  #resolver: LoopbackForwarder | null = null
  /** By enforcement that was closed. */
  #lost: Lost = NOTHING_LOST

  private constructor(options: HostGuardOptions, reader: HostReader, current: Current) {
    this.#options = options
    this.#reader = reader
    this.#current = current
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
    const attached = before?.pinned === pinned ? before : await this.#open(pinned)
    try {
      this.#put(attached, next, policy, world)
    } catch (error) {
      if (attached !== before) await this.#close(attached)
      throw error
    }
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
    await this.#resolver?.[Symbol.asyncDispose]()
  }

  async #open(pinned: boolean): Promise<Attached> {
    const { v4, v6, port } = this.#resolver!
    const enforcement = await openEnforcement({
      cgroupPath: this.#options.cgroupPath,
      ...(pinned ? { pinPath: this.#pinPath } : {}),
      resolver: { v4, ...(v6 === null ? {} : { v6 }), port },
      resolverTgid: process.pid,
      ownNetworkOnly: true,
      eventBytes: EVENT_BYTES,
    })
    const events = new PolicyEvents<KernelEvent>()
    const inspection = new AsyncDisposableStack()
    const closer = inspection.use(new LimitCloser(enforcement))
    const judged = new PolicyEvents<JudgedHandshake>()
    enforcement.events((event) => {
      events.receive(event)
      closer.receive(event)
    })
    const ends = new PolicyEvents<EndedEvent>()
    enforcement.ends((ended) => ends.receive({ ...ended, generation: ended.flow.generation }))
    // netfilter asks about every packet then: only where a policy may need it.
    const inspect = (): void => {
      const handshakes = inspection.use(enforcement.handshakes(this.#rulesName))
      inspection.use(
        new HandshakeGuard({
          handshakes,
          limits: OWN_LIMITS,
          ...policyOfTables((generation) => inspected.get(generation), this.#names),
          onJudged: (handshake) => judged.receive(handshake),
        }),
      )
    }
    const inspected: InspectedGenerations = new InspectedGenerations(pinned ? inspect : undefined)
    return { enforcement, pinned, events, ends, judged, inspected, inspection }
  }

  async #close({ enforcement, inspection }: Attached): Promise<void> {
    await inspection.disposeAsync()
    this.#lost = addLost(this.#lost, enforcement.takeLost())
    await enforcement[Symbol.asyncDispose]()
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
