import {
  openEnforcement,
  type EndedFlow,
  type FirstOctets,
  type Enforcement,
  type KernelEvent,
  type Lost,
  type ResolverAddress,
  type Ticket,
} from '@sallyport/kernel'
import { HandshakeGuard, OWN_LIMITS, type InspectionStatus, type JudgedHandshake } from '../inspect/handshake-guard.ts'
import { InspectedGenerations } from '../inspect/inspected-generations.ts'
import { policyOfTables } from '../inspect/policy-of-tables.ts'
import type { BoundNames } from '../run/bound-names.ts'
import { LimitCloser } from '../run/limit-closer.ts'
import { PolicyEvents } from './policy-events.ts'

type AttachOptions = {
  readonly cgroupPath: string
  /** Null: what is attached goes with this process. */
  readonly pinPath: string | null
  /** Of what it has in netfilter. */
  readonly rulesName: string
  readonly resolver: ResolverAddress
  readonly names: BoundNames
  /** By the cookie of their socket: after the events of their flow, before its end. */
  readonly onOctets: (octets: FirstOctets<bigint>) => void
}

/** By the generation that let the flow through. */
type EndedEvent = EndedFlow & { readonly generation: number }

/** What is in the kernel for a host, and what it tells. */
export type Attached = {
  readonly enforcement: Enforcement
  readonly pinned: boolean
  readonly events: PolicyEvents<KernelEvent>
  readonly ends: PolicyEvents<EndedEvent>
  readonly judged: PolicyEvents<JudgedHandshake>
  readonly inspected: InspectedGenerations
  /** Null while no policy needed it. */
  readonly inspectionStatus: () => InspectionStatus | null
  /** From the first policy on: at once it is told what was decided and ended while nobody listened. */
  readonly listen: () => void
  /** What could not be told. */
  readonly close: () => Promise<Lost>
}

/** About 140,000 events: what a host decides while this process is held up for a second or more. */
const EVENT_BYTES = 2 ** 24

export async function attachHost({
  cgroupPath,
  pinPath,
  rulesName,
  resolver,
  names,
  onOctets,
}: AttachOptions): Promise<Attached> {
  const enforcement = await openEnforcement({
    cgroupPath,
    ...(pinPath === null ? {} : { pinPath }),
    resolver,
    resolverTgid: process.pid,
    ownNetworkOnly: true,
    eventBytes: EVENT_BYTES,
  })
  const scope = new AsyncDisposableStack()
  const closer = scope.use(new LimitCloser(enforcement))
  const events = new PolicyEvents<KernelEvent>()
  const ends = new PolicyEvents<EndedEvent>()
  const judged = new PolicyEvents<JudgedHandshake>()
  const listen = (): void => {
    enforcement.events((event) => {
      events.receive(event)
      closer.receive(event)
    })
    enforcement.firstOctets(onOctets)
    enforcement.ends((ended) => ends.receive({ ...ended, generation: ended.flow.generation }))
  }
  let guard: HandshakeGuard<Ticket> | null = null
  // netfilter asks about every packet then: only where a policy may need it.
  const inspect = (): void => {
    const handshakes = scope.use(enforcement.handshakes(rulesName))
    guard = scope.use(
      new HandshakeGuard({
        handshakes,
        limits: OWN_LIMITS,
        ...policyOfTables((generation) => inspected.get(generation), names),
        onJudged: (handshake) => judged.receive(handshake),
      }),
    )
  }
  const inspected: InspectedGenerations = new InspectedGenerations(pinPath === null ? undefined : inspect)
  return {
    enforcement,
    pinned: pinPath !== null,
    events,
    ends,
    judged,
    inspected,
    inspectionStatus: () => guard?.counters() ?? null,
    listen,
    close: async () => {
      await scope.disposeAsync()
      const lost = enforcement.takeLost()
      await enforcement[Symbol.asyncDispose]()
      return lost
    },
  }
}
