import type { World, Policy } from '@sallyport/policy'
import type { FlowRecord } from '@sallyport/flow'
import type { FirstOctets, ForwardedEnd, ForwardedEvent, ForwardedTicket, WayEnds } from '@sallyport/kernel'
import type { JudgedHandshake } from '../inspect/handshake-guard.ts'
import type { SeenRules } from '../inspect/with-first-octets.ts'
import { WatchedFlows, type WatchedCounters } from '../inspect/watched-flows.ts'
import { BegunFlows } from '../run/begun-flows.ts'
import type { BoundNames } from '../run/bound-names.ts'
import { PolicyEvents } from '../up/policy-events.ts'
import type { ClientTable } from './client-table.ts'
import { ForwardedFlows } from './forwarded-flow.ts'
import { forwardedId } from './forwarded-id.ts'

type Options = {
  readonly names: BoundNames
  readonly rulesOf: (generation: number) => SeenRules
  readonly onFlow: (record: FlowRecord) => void
}

/** As many as the kernel keeps judgements of. */
const MOST_BEGUN = 65_536

/** What the kernel tells, as flow records in the words of the policy that decided it. */
export class GatewayRecords implements Disposable {
  readonly #options: Options
  readonly #events = new PolicyEvents<ForwardedEvent>()
  readonly #ends = new PolicyEvents<ForwardedEnd & { readonly generation: number }>()
  readonly #judged = new PolicyEvents<JudgedHandshake<ForwardedTicket>>()
  readonly #begun = new BegunFlows(MOST_BEGUN)
  readonly #watched: WatchedFlows

  constructor(options: Options) {
    this.#options = options
    this.#watched = new WatchedFlows({ begun: this.#begun, onFlow: options.onFlow })
  }

  /** What is decided from that generation on, until the next. */
  begin(generation: number, policy: Policy, world: World, table: ClientTable): void {
    const [begun, watched] = [this.#begun, this.#watched]
    const flows = new ForwardedFlows({ ...this.#options, policy, world, table, begun, watched })
    this.#events.begin(generation, flows)
    this.#ends.begin(generation, { receive: (ended) => flows.ended(ended) })
    this.#judged.begin(generation, { receive: (handshake) => flows.judged(handshake) })
  }

  receive(event: ForwardedEvent): void {
    this.#events.receive(event)
  }

  ended(end: ForwardedEnd): void {
    this.#ends.receive({ ...end, generation: end.flow.generation })
  }

  judged(handshake: JudgedHandshake<ForwardedTicket>): void {
    this.#judged.receive(handshake)
  }

  saidFirst({ of, sinceNs, ...octets }: FirstOctets<WayEnds>): void {
    this.#watched.see(forwardedId({ ...of, timeNs: sinceNs }), octets)
  }

  watched(): WatchedCounters {
    return this.#watched.counters()
  }

  [Symbol.dispose](): void {
    this.#watched[Symbol.dispose]()
  }
}
