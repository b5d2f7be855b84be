import { lookup, update, word } from './bpf-map.ts'
import type { KernelCounters } from './counters.ts'

/** What the kernel had no room to tell. */
export type Lost = { readonly events: number; readonly ends: number }

export const NOTHING_LOST: Lost = { events: 0, ends: 0 }

type Counted = Pick<KernelCounters, 'eventsLost' | 'endsLost'>

/** Each loss once, whoever guards: what was taken is kept beside the counters, which outlive a process that is killed. */
export class Losses implements Disposable {
  /** `losses_taken` of bpf/maps.h; null when it is closed. */
  #map: number | null
  #taken: Counted

  constructor(map: number) {
    this.#map = map
    this.#taken = { eventsLost: read(map, 0), endsLost: read(map, 1) }
  }

  /** What was lost since it was taken last. */
  take({ eventsLost, endsLost }: Counted): Lost {
    const lost = { events: eventsLost - this.#taken.eventsLost, ends: endsLost - this.#taken.endsLost }
    this.#taken = { eventsLost, endsLost }
    if (this.#map !== null && lost.events !== 0) write(this.#map, 0, eventsLost)
    if (this.#map !== null && lost.ends !== 0) write(this.#map, 1, endsLost)
    return lost
  }

  [Symbol.dispose](): void {
    this.#map = null
  }
}

function read(map: number, at: number): number {
  return Number(new DataView(lookup(map, word(at), 8)!.buffer).getBigUint64(0, true))
}

function write(map: number, at: number, count: number): void {
  const bytes = new Uint8Array(8)
  new DataView(bytes.buffer).setBigUint64(0, BigInt(count), true)
  update(map, word(at), bytes)
}
