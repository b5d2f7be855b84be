import { readRing, type RingReader } from '../read-ring.ts'
import { decodeForwardedEnd, FORWARDED_END_BYTES, type ForwardedEnd } from './forwarded-event.ts'
import type { GatewayCounters } from './gateway-counters.ts'
import { missedBefore, sweepFlows } from './sweep-flows.ts'

type Options = {
  /** The program of that name. */
  readonly sweep: number
  readonly maps: Readonly<Record<'ends' | 'swept', number>>
  readonly counters: () => Pick<GatewayCounters, 'flowsLeft' | 'flowsEnded'>
  /** What was told to begin until now. */
  readonly readBeginnings: () => void
  readonly onEnd: (end: ForwardedEnd) => void
}

const LOOK_MS = 10_000
const SOON_MS = 100
/** More than any table of flows needs. */
const MOST_ROUNDS = 10_000

/** Ends of flows: the kernel tells those that it sees, and looks for silent ones when it is asked to. */
export class ForwardedEnds implements Disposable {
  readonly #options: Options
  readonly #ring: RingReader
  readonly #told: ForwardedEnd[] = []
  #timer: NodeJS.Timeout
  #missed: number
  #missing = 0

  constructor(options: Options) {
    this.#options = options
    this.#missed = missedBefore(options.maps.swept)
    this.#ring = readRing(options.maps.ends, FORWARDED_END_BYTES, (bytes) => {
      if (this.#told.push(decodeForwardedEnd(bytes)) === 1) setImmediate(() => this.#deliver())
    })
    this.#timer = setTimeout(() => this.#look(), LOOK_MS).unref()
  }

  /**
   * Flows that were forgotten for others before they had ended, under gateways before this one too: what they carried is not
   * known.
   */
  get missed(): number {
    return this.#missed
  }

  /** Nothing passes any more. */
  [Symbol.dispose](): void {
    clearTimeout(this.#timer)
    for (let round = 0; this.#sweep(true) && round < MOST_ROUNDS; round++) this.#ring.consume()
    this.#missed = Math.max(this.#missed, this.#missing)
    this.#ring.stop()
    this.#deliver()
  }

  /** Behind their beginnings, which are in a ring of their own. */
  #deliver(): void {
    this.#options.readBeginnings()
    for (const end of this.#told.splice(0)) this.#options.onEnd(end)
  }

  #look(): void {
    const isFull = this.#sweep(false)
    this.#timer = setTimeout(() => this.#look(), isFull ? SOON_MS : LOOK_MS).unref()
  }

  /** Returns whether there is more to tell. */
  #sweep(all: boolean): boolean {
    const { sweep, maps, counters } = this.#options
    const { flowsLeft } = counters()
    const { open, isFull } = sweepFlows(sweep, maps.swept, { all, missed: this.#missed })
    if (isFull) return true
    const missing = flowsLeft - counters().flowsEnded - open
    // A flow may be passed over while the table changes, which the next look shows.
    this.#missed = Math.max(this.#missed, Math.min(missing, this.#missing))
    this.#missing = Math.max(0, missing)
    return false
  }
}
