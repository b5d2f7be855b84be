import type { FlowRecord } from '@sallyport/flow'
import { HandshakeInspection, type HandshakeFacts } from '@sallyport/inspect'
import type { FirstOctets, KernelEvent } from '@sallyport/kernel'
import type { BegunFlows } from '../run/begun-flows.ts'
import { recordingCiphers } from './handshake-ciphers.ts'

type Watched = {
  record: FlowRecord
  /** Names the socket, or the two ends, that other events are about too. */
  readonly of: string
  /** What the facts make of the record. */
  readonly seen: (record: FlowRecord, facts: HandshakeFacts) => FlowRecord
}

export type WatchedCounters = {
  /** Flows of which too many were looked at at once. */
  readonly full: number
}

type Options = {
  readonly begun: BegunFlows
  readonly onFlow: (record: FlowRecord) => void
  readonly nowMs?: () => number
}

/** What a packet gives at most is enough to say that nobody knows what it is. */
const LIMITS = { flows: 2048, octets: 4096, patienceMs: 2000 }
/** A flow that has said nothing by then is recorded as it is known. */
const UNSEEN_MS = 3000
const TICK_MS = 50
const MOST_FLOWS = 8192

const TRANSPORTS: readonly number[] = [6, 17]

/** Whether what a flow says first is to be seen: it begins, over TCP or UDP. */
export function mayBeSeen({ ipproto, limit }: Pick<KernelEvent, 'ipproto' | 'limit'>): boolean {
  return limit === null && TRANSPORTS.includes(ipproto)
}

/**
 * Flows that go on while what they say first is looked at: their beginning is recorded when it is known what they are. Who says
 * something only later has it in the record of the end.
 */
export class WatchedFlows implements Disposable {
  readonly #options: Options
  readonly #nowMs: () => number
  readonly #inspection = new HandshakeInspection<string>(recordingCiphers, LIMITS)
  /** Not recorded yet, the first to begin first. */
  readonly #waiting = new Map<string, Watched & { readonly dueMs: number }>()
  /** Recorded without having said anything. */
  readonly #silent = new Map<string, Watched>()
  readonly #timer: NodeJS.Timeout
  #full = 0

  constructor(options: Options) {
    this.#options = options
    this.#nowMs = options.nowMs ?? performance.now.bind(performance)
    this.#timer = setInterval(() => this.expire(), TICK_MS).unref()
  }

  counters(): WatchedCounters {
    return { full: this.#full }
  }

  begin(id: string, watched: Watched): void {
    this.#options.begun.begin(watched.record)
    this.#waiting.set(id, { ...watched, dueMs: this.#nowMs() + UNSEEN_MS })
    if (this.#waiting.size <= MOST_FLOWS) return
    this.#full++
    this.#tell(this.#waiting.keys().next().value!)
  }

  see(id: string, { transport, direction, seq, bytes }: Omit<FirstOctets<unknown>, 'of' | 'sinceNs'>): void {
    if (!this.#waiting.has(id) && !this.#silent.has(id)) return
    const pushed = this.#inspection.push(id, { transport, direction, seq, bytes, held: null }, this.#nowMs())
    if (pushed.state === 'known') this.#is(id, pushed.facts)
    else if (pushed.state === 'dropped' && pushed.why === 'flows') this.#full++
  }

  /** To be told before something else of the same is recorded: what began comes first. */
  tellFirst(of: string): void {
    for (const [id, flow] of this.#waiting) if (flow.of === of) this.#tell(id)
  }

  /** To be told before its end is recorded. */
  end(id: string): void {
    const likely = this.#inspection.finish(id)
    if (likely !== null) this.#is(id, likely.facts)
    this.#tell(id)
    this.#silent.delete(id)
  }

  /** Flows whose time is over. */
  expire(): void {
    const nowMs = this.#nowMs()
    for (const { key, facts } of this.#inspection.expire(nowMs)) this.#is(key, facts)
    for (const [id, { dueMs }] of this.#waiting) {
      if (dueMs > nowMs) break
      this.#tell(id)
    }
  }

  /** Records what waits. */
  flush(): void {
    for (const id of this.#waiting.keys()) this.end(id)
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer)
    this.flush()
  }

  #is(id: string, facts: HandshakeFacts): void {
    const flow = this.#waiting.get(id) ?? this.#silent.get(id)
    if (flow === undefined) return
    flow.record = flow.seen(flow.record, facts)
    this.#options.begun.begin(flow.record)
    this.#silent.delete(id)
    if (this.#waiting.delete(id)) this.#options.onFlow(flow.record)
  }

  #tell(id: string): void {
    const flow = this.#waiting.get(id)
    if (flow === undefined) return
    this.#waiting.delete(id)
    this.#options.onFlow(flow.record)
    this.#silent.set(id, flow)
    if (this.#silent.size > MOST_FLOWS) this.#silent.delete(this.#silent.keys().next().value!)
  }
}
