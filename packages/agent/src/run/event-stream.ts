import { setTimeout as sleep } from 'node:timers/promises'
import { bootNs, type EndedFlow, type KernelEvent } from '@sallyport/kernel'
import type { HostFacts } from '@sallyport/compile'
import { hasLeft, type FlowRecord } from '@sallyport/flow'
import type { HandshakeFacts } from '@sallyport/inspect'
import type { Policy, World } from '@sallyport/policy'
import type { ExecutablePaths } from '../host/executable-paths.ts'
import type { ProcessTree } from '../host/process-tree.ts'
import { eventOfHandshake, withHandshake } from '../inspect/handshake-events.ts'
import type { JudgedHandshake } from '../inspect/handshake-guard.ts'
import { mayBeSeen, type WatchedFlows } from '../inspect/watched-flows.ts'
import { withFirstOctets, type SeenRules } from '../inspect/with-first-octets.ts'
import { carriedBy, endOf, type BegunFlows } from './begun-flows.ts'
import type { BoundNames } from './bound-names.ts'
import { flowId } from './flow-id.ts'
import { flowOfEvent } from './flow-of-event.ts'

type Options = {
  readonly policy: Policy
  readonly world: World
  /** As last looked at. */
  readonly host: () => HostFacts
  readonly executables: ExecutablePaths
  readonly processes: ProcessTree
  readonly begun: BegunFlows
  readonly watched: WatchedFlows
  readonly rulesOf: (generation: number) => SeenRules
  readonly names: BoundNames
  readonly onFlow: (record: FlowRecord) => void
}

const QUIET_MS = 20
const PATIENCE_MS = 500

/** The kernel's decisions as flow records. */
export class EventStream {
  readonly #options: Options
  #received = 0

  constructor(options: Options) {
    this.#options = options
  }

  receive(event: KernelEvent): void {
    this.#received++
    const record = this.#recordOf(event)
    const { watched, rulesOf } = this.#options
    const of = String(event.cookie)
    if (event.limit !== null) watched.tellFirst(of)
    if (record.id === undefined || !hasLeft(record) || !mayBeSeen(event)) return this.#begin(record)
    const seen = (told: FlowRecord, facts: HandshakeFacts): FlowRecord =>
      withFirstOctets(told, facts, rulesOf(event.generation))
    watched.begin(record.id, { of, record, seen })
  }

  judged(handshake: JudgedHandshake): void {
    this.#received++
    this.#begin(withHandshake(this.#recordOf(eventOfHandshake(handshake)), handshake))
  }

  ended(end: EndedFlow): void {
    this.#received++
    const { begun, watched, onFlow } = this.#options
    const { flow } = end
    const carried = carriedBy(end)
    const id = flowId(flow)
    if (id !== null) watched.end(id)
    const known = id === null ? null : begun.end(id, carried)
    onFlow(known ?? endOf(this.#recordOf(flow), carried))
  }

  #begin(record: FlowRecord): void {
    if (hasLeft(record)) this.#options.begun.begin(record)
    this.#options.onFlow(record)
  }

  #recordOf(event: KernelEvent): FlowRecord {
    const { names, host, policy, world, executables, processes } = this.#options
    const nowMs = Date.now()
    const clock = { nowMs, bootNs: bootNs() }
    const record = flowOfEvent(event, {
      policy,
      world,
      executables,
      host: host(),
      clock,
      namesOf: (address) => names.namesOf(address),
    })
    const id = flowId(event)
    const parents = processes.parentsOf(event, nowMs)
    return { ...record, ...(id === null ? {} : { id }), ...(parents.length === 0 ? {} : { parents }) }
  }

  /** Waits until what the kernel has decided has been read. */
  async settle(): Promise<void> {
    const deadline = performance.now() + PATIENCE_MS
    for (let seen = -1; seen !== this.#received && performance.now() < deadline;) {
      seen = this.#received
      await sleep(QUIET_MS)
    }
    this.#options.watched.flush()
  }
}
