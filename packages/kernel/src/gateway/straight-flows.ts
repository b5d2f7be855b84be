import { readFileSync } from 'node:fs'
import { bootNs } from '../boot-clock.ts'
import { keysOf, lookup, remove, tryUpdate } from '../bpf-map.ts'
import { ESTABLISHED, LIBERAL, type ConntrackChange, type ConntrackEntry, type FlowEnds } from './conntrack-messages.ts'
import { Conntrack } from './conntrack.ts'
import type { ForwardedEvent } from './forwarded-event.ts'
import { onTheWire } from './on-the-wire.ts'
import {
  decodeStraight,
  encodeStraight,
  endsOfWay,
  STRAIGHT_BYTES,
  WAY_BYTES,
  wayOfEvent,
  type Straight,
} from './straight-records.ts'

export type StraightCounters = {
  /** Flows that may go past netfilter. */
  readonly begun: number
  /** Flows that connection tracking does not know as plain ones: translated, followed by a helper, not settled. */
  readonly refused: number
  /** Flows that found no room. */
  readonly full: number
}

const TCP = 6
const SECOND_NS = 1_000_000_000n
/** A flow that is silent for so long is asked about again when it carries much again. */
const IDLE_NS = 600n * SECOND_NS
const ENDED_NS = 10n * SECOND_NS
const AGAIN_NS = 30n * SECOND_NS
const TIMEOUT = '/proc/sys/net/netfilter/nf_conntrack_tcp_timeout_established'

/** IPS_SEEN_REPLY, IPS_ASSURED, IPS_CONFIRMED of linux/netfilter/nf_conntrack_common.h. */
const SETTLED = 0x02 | 0x04 | 0x08
/** IPS_NAT_MASK, IPS_SEQ_ADJUST, IPS_DYING, IPS_HELPER, IPS_OFFLOAD. */
const PARTICULAR = 0x30 | 0x40 | 0x200 | 0x2000 | 0x4000

/**
 * Which flows may go past netfilter. Connection tracking sees a packet of such a flow each second, so it must not take numbers
 * that have moved on for an error.
 */
export class StraightFlows implements Disposable {
  readonly #straights: number
  readonly #conntrack = new Conntrack()
  /** When the entry of a flow was set right last. */
  readonly #prepared = new Map<string, bigint>()
  #begun = 0
  #refused = 0
  #full = 0

  constructor(straights: number) {
    this.#straights = straights
  }

  /** Lets a flow that is allowed and carries much go straight, if it may. */
  consider(event: ForwardedEvent): void {
    const { client, server } = onTheWire(event)
    const { ipproto, srcPort, port, timeNs } = event
    const ends = { ipproto, src: client, dst: server, srcPort, dstPort: port }
    if (client.length !== server.length || !this.#prepare(ends)) this.#refused++
    else if (tryUpdate(this.#straights, wayOfEvent(event), encodeStraight(timeNs, bootNs()))) this.#begun++
    else this.#full++
  }

  /** Sets right the entries of flows that go on or fall silent, and forgets those that are over. */
  sweep(): void {
    const now = bootNs()
    const ways = Array.from(keysOf(this.#straights, WAY_BYTES))
    for (const way of ways) {
      const bytes = lookup(this.#straights, way, STRAIGHT_BYTES)
      if (bytes !== undefined && !this.#goesOn(way, decodeStraight(bytes), now)) remove(this.#straights, way)
    }
    const kept = new Set(ways.map(nameOf))
    for (const name of this.#prepared.keys()) if (!kept.has(name)) this.#prepared.delete(name)
  }

  counters(): StraightCounters {
    return { begun: this.#begun, refused: this.#refused, full: this.#full }
  }

  [Symbol.dispose](): void {
    this.#conntrack[Symbol.dispose]()
  }

  #goesOn(way: Uint8Array, { lastNs, isEnded }: Straight, now: bigint): boolean {
    const silentNs = now - lastNs
    if (silentNs > (isEnded ? ENDED_NS : IDLE_NS)) return false
    const before = this.#prepared.get(nameOf(way)) ?? 0n
    const isDue = lastNs > before && (before === 0n || silentNs > SECOND_NS || now - before > AGAIN_NS)
    if (isEnded || !isDue) return true
    this.#prepared.set(nameOf(way), now)
    return this.#prepare(endsOfWay(way))
  }

  /** Of what it saw last, connection tracking may think that it is unanswered, and give it minutes in place of days. */
  #prepare(ends: FlowEnds): boolean {
    const entry = this.#conntrack.find(ends)
    if (entry === null || !isPlain(entry)) return false
    if (ends.ipproto !== TCP) return true
    if (entry.tcpState !== ESTABLISHED) return false
    return this.#conntrack.change(ends, { tcpFlags: LIBERAL, ...establishedTimeout() })
  }
}

function isPlain({ status }: ConntrackEntry): boolean {
  return (status & SETTLED) === SETTLED && (status & PARTICULAR) === 0
}

function nameOf(way: Uint8Array): string {
  return Buffer.from(way).toString('latin1')
}

/** As it is where this machine does not say. */
function establishedTimeout(): ConntrackChange {
  try {
    const timeoutSeconds = Number(readFileSync(TIMEOUT, 'utf8'))
    return timeoutSeconds > 0 ? { timeoutSeconds } : {}
  } catch {
    return {}
  }
}
