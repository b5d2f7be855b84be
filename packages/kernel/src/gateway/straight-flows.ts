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
  wayOutside,
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
/** IPS_DST_NAT, IPS_SEQ_ADJUST, IPS_DYING, IPS_HELPER, IPS_OFFLOAD. */
const PARTICULAR = 0x20 | 0x40 | 0x200 | 0x2000 | 0x4000
/** IPS_SRC_NAT */
const TRANSLATED = 0x10

/**
 * Which flows may go past netfilter. Connection tracking sees a packet of such a flow each second, so it must not take numbers
 * that have moved on for an error.
 */
export class StraightFlows implements Disposable {
  readonly #straights: number
  readonly #aliases: number
  readonly #conntrack = new Conntrack()
  /** When the entry of a flow was set right last. */
  readonly #prepared = new Map<string, bigint>()
  #begun = 0
  #refused = 0
  #full = 0

  constructor({ straights, aliases }: Readonly<Record<'straights' | 'aliases', number>>) {
    this.#straights = straights
    this.#aliases = aliases
  }

  /** Lets a flow that is allowed and carries much go straight, if it may. */
  consider(event: ForwardedEvent): void {
    const { client, server } = onTheWire(event)
    const { ipproto, srcPort, port, timeNs } = event
    const ends = { ipproto, src: client, dst: server, srcPort, dstPort: port }
    const entry = client.length === server.length ? this.#prepare(ends) : null
    if (entry === null) this.#refused++
    else if (this.#admit(wayOfEvent(event), encodeStraight(timeNs, bootNs(), outsideOf(entry)))) this.#begun++
    else this.#full++
  }

  /** Sets right the entries of flows that go on or fall silent, and forgets those that are over. */
  sweep(): void {
    const now = bootNs()
    const ways = Array.from(keysOf(this.#straights, WAY_BYTES))
    for (const way of ways) {
      const bytes = lookup(this.#straights, way, STRAIGHT_BYTES)
      if (bytes === undefined) continue
      const straight = decodeStraight(bytes)
      if (this.#goesOn(way, straight, now)) continue
      this.#forget(way, straight)
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
    return this.#prepare(endsOfWay(way)) !== null
  }

  /** By now another flow may look outside as this one did. */
  #forget(way: Uint8Array, { outside }: Straight): void {
    remove(this.#straights, way)
    const alias = outside === null ? null : wayOutside(way, outside)
    const inside = alias === null ? undefined : lookup(this.#aliases, alias, WAY_BYTES)
    if (alias !== null && inside !== undefined && nameOf(inside) === nameOf(way)) remove(this.#aliases, alias)
  }

  #admit(way: Uint8Array, bytes: Uint8Array): boolean {
    const { outside } = decodeStraight(bytes)
    const before = lookup(this.#straights, way, STRAIGHT_BYTES)
    if (before !== undefined) this.#forget(way, decodeStraight(before))
    if (outside !== null && !tryUpdate(this.#aliases, wayOutside(way, outside), way)) return false
    return tryUpdate(this.#straights, way, bytes)
  }

  /** Of what it saw last, connection tracking may think that it is unanswered, and give it minutes in place of days. */
  #prepare(ends: FlowEnds): ConntrackEntry | null {
    const entry = this.#conntrack.find(ends)
    if (entry === null || !isPlain(entry, ends)) return null
    if (ends.ipproto !== TCP) return entry
    if (entry.tcpState !== ESTABLISHED) return null
    return this.#conntrack.change(ends, { tcpFlags: LIBERAL, ...establishedTimeout() }) ? entry : null
  }
}

/** Of IPv4 the client's end may be translated. */
function isPlain({ status }: ConntrackEntry, { src }: FlowEnds): boolean {
  const particular = PARTICULAR | (src.length === 4 ? 0 : TRANSLATED)
  return (status & SETTLED) === SETTLED && (status & particular) === 0
}

function outsideOf({ status, answeredAt }: ConntrackEntry): ConntrackEntry['answeredAt'] {
  return (status & TRANSLATED) === 0 ? null : answeredAt
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
