import { setTimeout as sleep } from 'node:timers/promises'
import { bootNs, type KernelEvent } from '@sallyport/kernel'
import type { HostFacts } from '@sallyport/compile'
import type { FlowRecord } from '@sallyport/flow'
import type { Policy, World } from '@sallyport/policy'
import type { ExecutablePaths } from '../host/executable-paths.ts'
import { eventOfHandshake, withHandshake } from '../inspect/handshake-events.ts'
import type { JudgedHandshake } from '../inspect/handshake-guard.ts'
import type { BoundNames } from './bound-names.ts'
import { flowOfEvent } from './flow-of-event.ts'

type Options = {
  readonly policy: Policy
  readonly world: World
  /** As last looked at. */
  readonly host: () => HostFacts
  readonly executables: ExecutablePaths
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
    this.#options.onFlow(this.#recordOf(event))
  }

  judged(handshake: JudgedHandshake): void {
    this.#received++
    this.#options.onFlow(withHandshake(this.#recordOf(eventOfHandshake(handshake)), handshake))
  }

  #recordOf(event: KernelEvent): FlowRecord {
    const { names, onFlow: _onFlow, host, ...known } = this.#options
    const nowMs = Date.now()
    const clock = { nowMs, bootNs: bootNs() }
    return flowOfEvent(event, { ...known, host: host(), clock, namesOf: (address) => names.namesOf(address, nowMs) })
  }

  /** Waits until what the kernel has decided has been read. */
  async settle(): Promise<void> {
    const deadline = performance.now() + PATIENCE_MS
    for (let seen = -1; seen !== this.#received && performance.now() < deadline;) {
      seen = this.#received
      await sleep(QUIET_MS)
    }
  }
}
