import { getDomain } from 'tldts'
import { pairCost } from './detectors/generated-domains.ts'
import { LOOK_UP_ZONES } from './look-up-zones.ts'

/** Why the names of a zone are taken for a tunnel. */
type TunnelReason = 'data-in-names' | 'rare-types' | 'many-texts' | 'dns2tcp'

export type TunnelSign = {
  readonly client: string
  /** The name that someone registered. */
  readonly zone: string
  readonly reason: TunnelReason
  /** How many names counted when it was told. */
  readonly names: number
  /** What they carried, as far as their letters tell. */
  readonly octets: number
  readonly seconds: number
  /** Whether this look-up is the one that told. */
  readonly isFirst: boolean
}

export type LookUp = {
  readonly client: string
  /** Lower case, without the final dot. */
  readonly name: string
  /** Of the record, as a number. */
  readonly type: number
}

/** What counts is counted anew after so long. */
const WINDOW_MS = 600_000
/** A zone that was told stays so until its names have been quiet for so long. */
const HOLD_MS = 3_600_000
const MOST_ZONES = 4096

const LEAST_LENGTH = 24
const LEAST_COST_BITS = 5.5
const DATA_NAMES = 40
const DATA_OCTETS = 8192
const RARE_NAMES = 20
const TEXT_NAMES = 200

/** SIG, KEY and NULL (RFC 2535, RFC 1035 §3.3.10), which nothing asks for any more; iodine and dns2tcp do. */
const RARE: ReadonlySet<number> = new Set([10, 24, 25])
/** RFC 6895 §3.1: private use. */
const FIRST_PRIVATE = 65_280
const LAST_PRIVATE = 65_534
/** What is asked about names as such: NS, SOA, PTR, A, AAAA, DS, DNSKEY, SVCB, HTTPS. All others bring text, or other names, along. */
const PLAIN: ReadonlySet<number> = new Set([1, 2, 6, 12, 28, 43, 48, 64, 65])
/** By these dns2tcp opens a session. */
const DNS2TCP = /(?:^|\.)(?:=|\\061)(?:auth|connect|resource)\./

/** What a tunnel puts into its names may be in no host name. */
const ANY_OCTETS = { allowPrivateDomains: true, extractHostname: false, validateHostname: false } as const

type Zone = {
  sinceMs: number
  readonly names: Set<number>
  data: number
  octets: number
  rare: number
  texts: number
  told: TunnelSign | null
  heardMs: number
}

/**
 * Tells tunnels through DNS from the look-ups of a client below one registrable name, while they happen: see
 * docs/reference/commands/dns.md for the formulas. `detectDnsTunnels` sees slower ones in the flows of a day.
 */
export class TunnelWatch {
  readonly #zones = new Map<string, Zone>()
  readonly #mostZones: number
  /** Zones that made room for others before anything was told of them. */
  forgotten = 0

  constructor(mostZones: number = MOST_ZONES) {
    this.#mostZones = mostZones
  }

  /** Takes a look-up that goes on to other servers; what its zone is taken for by now. */
  look({ client, name, type }: LookUp, nowMs: number): TunnelSign | null {
    if (name.endsWith('.arpa')) return null
    const zone = getDomain(name, ANY_OCTETS)
    if (zone === null || zone.length === name.length || LOOK_UP_ZONES.has(zone)) return null
    const key = `${client} ${zone}`
    const below = name.slice(0, name.length - zone.length - 1)
    const cost = below.length >= LEAST_LENGTH ? pairCost(below) : 0
    const hasData = cost >= LEAST_COST_BITS
    const isRare = RARE.has(type) || (type >= FIRST_PRIVATE && type <= LAST_PRIVATE)
    const isText = !PLAIN.has(type)
    const opens = DNS2TCP.test(name)
    const known = this.#current(key, nowMs)
    if (known?.told) {
      if (hasData || isRare || isText) known.heardMs = nowMs
      return { ...known.told, isFirst: false }
    }
    if (!hasData && !isRare && !isText && !opens) return null
    const seen = known ?? this.#begin(key, nowMs)
    const hash = hashOf(below)
    if (!seen.names.has(hash)) {
      seen.names.add(hash)
      if (hasData) seen.data++
      if (hasData) seen.octets += (below.length * cost) / 8
      if (isRare) seen.rare++
      if (isText) seen.texts++
    }
    const reason = opens ? 'dns2tcp' : reasonOf(seen)
    if (reason === null) return null
    seen.told = {
      client,
      zone,
      reason,
      names: seen.names.size,
      octets: Math.round(seen.octets),
      seconds: Math.round((nowMs - seen.sinceMs) / 1000),
      isFirst: false,
    }
    seen.names.clear()
    seen.heardMs = nowMs
    return { ...seen.told, isFirst: true }
  }

  #current(key: string, nowMs: number): Zone | null {
    const zone = this.#zones.get(key)
    if (zone === undefined) return null
    const isOver = zone.told === null ? nowMs - zone.sinceMs >= WINDOW_MS : nowMs - zone.heardMs >= HOLD_MS
    this.#zones.delete(key)
    if (isOver) return null
    // Put back at the end: the first is the one used longest ago.
    this.#zones.set(key, zone)
    return zone
  }

  #begin(key: string, nowMs: number): Zone {
    if (this.#zones.size >= this.#mostZones) {
      this.#zones.delete(this.#zones.keys().next().value!)
      this.forgotten++
    }
    const zone = {
      sinceMs: nowMs,
      names: new Set<number>(),
      data: 0,
      octets: 0,
      rare: 0,
      texts: 0,
      told: null,
      heardMs: nowMs,
    }
    this.#zones.set(key, zone)
    return zone
  }
}

function reasonOf({ data, octets, rare, texts }: Zone): TunnelReason | null {
  if (rare >= RARE_NAMES) return 'rare-types'
  if (data >= DATA_NAMES && octets >= DATA_OCTETS) return 'data-in-names'
  return texts >= TEXT_NAMES ? 'many-texts' : null
}

function hashOf(text: string): number {
  let hash = 0x811c9dc5
  for (let at = 0; at < text.length; at++) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193)
  return hash
}
