import {
  canonicalName,
  EXTENDED_ERROR,
  parseDnskey,
  parseDs,
  presentName,
  sameName,
  TYPE,
  type Dnskey,
  type Ds,
  type Message,
  type WireName,
} from '@sallyport/wire'
import type { AskUpstreams } from '../cache/caching-resolver.ts'
import { judgeDenial } from './judge-denial.ts'
import { isAtOrBelow, isBelow, tail } from './name-tree.ts'
import { recordSets, type RecordSet } from './record-set.ts'
import { ALGORITHMS, isDigestKnown, isDigestOf, isZoneKey } from './signature.ts'
import { bogus, INSECURE, type Trust, type ZoneTrust } from './trust.ts'
import type { TrustAnchor } from './trust-anchors.ts'
import { verifySet } from './verify-set.ts'
import type { WorkBound } from './work-bound.ts'

/** What the parent of a name says about it. */
type Delegation =
  | { readonly kind: 'signed'; readonly ds: readonly Ds[]; readonly seconds: number }
  /** In the zone above it, or not there at all. */
  | { readonly kind: 'none'; readonly seconds: number }
  | { readonly kind: 'unsigned'; readonly seconds: number }
  | { readonly kind: 'bogus'; readonly trust: Extract<Trust, { state: 'bogus' }> }

type Kept<Value> = { readonly value: Value; readonly untilMs: number }

const MOST_KEPT = 4096
const LONGEST_SECONDS = 3600
/** A broken zone is looked at again soon. */
const BOGUS_SECONDS = 5

/** Which zones are signed, and with which keys: from the trust anchors downwards (RFC 4035 §5). */
export class ZoneTrusts {
  readonly #anchors: readonly TrustAnchor[]
  readonly #ask: AskUpstreams
  readonly #nowMs: () => number
  readonly #zones = new Map<string, Kept<ZoneTrust>>()
  readonly #delegations = new Map<string, Kept<Delegation>>()

  /** `nowMs` since 1970. */
  constructor(anchors: readonly TrustAnchor[], ask: AskUpstreams, nowMs: () => number) {
    this.#anchors = anchors
    this.#ask = ask
    this.#nowMs = nowMs
  }

  /** What the data of `zone` is signed with. */
  async keysOf(zone: WireName, work: WorkBound, signal: AbortSignal): Promise<ZoneTrust> {
    const key = presentName(zone)
    const kept = this.#kept(this.#zones, key)
    if (kept !== null) return kept
    const [trust, seconds] = await this.#findKeys(zone, work, signal)
    this.#keep(this.#zones, key, trust, trust.state === 'bogus' ? BOGUS_SECONDS : seconds)
    return trust
  }

  /** For data without signatures: proof that there can be none, or bogus. */
  async unsignedAt(name: WireName, work: WorkBound, signal: AbortSignal): Promise<Exclude<Trust, { state: 'secure' }>> {
    const anchor = this.#anchorOver(name)
    if (anchor === null) return INSECURE
    for (let count = anchor.zone.labels.length + 1; count <= name.labels.length; count++) {
      const delegation = await this.#delegationOf(tail(name, count), work, signal)
      if (delegation.kind === 'unsigned') return INSECURE
      if (delegation.kind === 'bogus') return delegation.trust
    }
    return bogus(EXTENDED_ERROR.RRSIGS_MISSING, `${presentName(name)} is in a signed zone and not signed`)
  }

  #anchorOver(name: WireName): TrustAnchor | null {
    const over = this.#anchors.filter(({ zone }) => isAtOrBelow(name, zone))
    return over.toSorted((a, b) => b.zone.labels.length - a.zone.labels.length)[0] ?? null
  }

  async #findKeys(zone: WireName, work: WorkBound, signal: AbortSignal): Promise<[ZoneTrust, seconds: number]> {
    const anchor = this.#anchorOver(zone)
    if (anchor === null) return [INSECURE, LONGEST_SECONDS]
    if (sameName(anchor.zone, zone)) return await this.#fetchKeys(zone, anchor.ds, anchor.keys, work, signal)
    const delegation = await this.#delegationOf(zone, work, signal)
    switch (delegation.kind) {
      case 'bogus':
        return [delegation.trust, BOGUS_SECONDS]
      case 'unsigned':
        return [INSECURE, delegation.seconds]
      case 'none':
        return [bogus(EXTENDED_ERROR.DNSSEC_BOGUS, `${presentName(zone)} signs, and is no zone`), BOGUS_SECONDS]
      case 'signed':
        return await this.#fetchKeys(zone, delegation.ds, [], work, signal)
    }
  }

  async #fetchKeys(
    zone: WireName,
    ds: readonly Ds[],
    anchored: readonly Dnskey[],
    work: WorkBound,
    signal: AbortSignal,
  ): Promise<[ZoneTrust, seconds: number]> {
    const message = await this.#look(zone, TYPE.DNSKEY, work, signal)
    if (message === null) return [unreachable(zone, 'DNSKEY'), BOGUS_SECONDS]
    const set = recordSets(message.answers).find(({ name, type }) => type === TYPE.DNSKEY && sameName(name, zone))
    if (set === undefined)
      return [bogus(EXTENDED_ERROR.DNSKEY_MISSING, `${presentName(zone)} has no key`), BOGUS_SECONDS]
    const keys = set.records.flatMap(({ data }) => (data.kind === 'raw' ? (parseDnskey(data.octets) ?? []) : []))
    const known = keys.filter(
      (key) =>
        isZoneKey(key) &&
        (ds.some((one) => isDigestOf(one, zone, key)) ||
          anchored.some(({ octets }) => Buffer.compare(octets, key.octets) === 0)),
    )
    if (known.length === 0) {
      return [bogus(EXTENDED_ERROR.DNSKEY_MISSING, `no key of ${presentName(zone)} is the one its parent names`), 0]
    }
    const verified = verifySet(signedBy(set, zone), known, this.#nowSeconds(), work)
    if ('state' in verified) return [verified, BOGUS_SECONDS]
    return [{ state: 'secure', zone: canonicalName(zone), keys }, secondsOf(set)]
  }

  async #delegationOf(name: WireName, work: WorkBound, signal: AbortSignal): Promise<Delegation> {
    const key = presentName(name)
    const kept = this.#kept(this.#delegations, key)
    if (kept !== null) return kept
    const delegation = await this.#findDelegation(name, work, signal)
    this.#keep(this.#delegations, key, delegation, delegation.kind === 'bogus' ? BOGUS_SECONDS : delegation.seconds)
    return delegation
  }

  async #findDelegation(name: WireName, work: WorkBound, signal: AbortSignal): Promise<Delegation> {
    const message = await this.#look(name, TYPE.DS, work, signal)
    if (message === null) return { kind: 'bogus', trust: unreachable(name, 'DS') }
    const answers = recordSets(message.answers).filter((set) => sameName(set.name, name))
    const positive = answers.find(({ type }) => type === TYPE.DS) ?? answers.find(({ type }) => type === TYPE.CNAME)
    const sets = positive === undefined ? recordSets(message.authorities).filter(isDenial) : [positive]
    // Only a zone above can speak about the name; were it the name itself, a zone could deny its own signatures.
    const signer = sets.flatMap(signersOf).find((zone) => isBelow(name, zone))
    if (signer === undefined) {
      const trust = bogus(EXTENDED_ERROR.NSEC_MISSING, `nothing signed says whether ${presentName(name)} is signed`)
      return { kind: 'bogus', trust }
    }
    const above = await this.keysOf(signer, work, signal)
    if (above.state === 'insecure') return { kind: 'unsigned', seconds: BOGUS_SECONDS }
    if (above.state === 'bogus') return { kind: 'bogus', trust: above }
    const verified = this.verified(sets, above.zone, above.keys, work)
    if (!Array.isArray(verified)) return { kind: 'bogus', trust: verified as Extract<Trust, { state: 'bogus' }> }
    const seconds = Math.min(...sets.map(secondsOf))
    if (positive?.type === TYPE.CNAME) return { kind: 'none', seconds }
    if (positive !== undefined) {
      const ds = positive.records.flatMap(({ data }) => (data.kind === 'raw' ? (parseDs(data.octets) ?? []) : []))
      const usable = ds.filter((one) => isDigestKnown(one) && ALGORITHMS.has(one.algorithm))
      // RFC 4035 §5.2: signed in a way that nobody here can check is as good as unsigned.
      return usable.length === 0 ? { kind: 'unsigned', seconds } : { kind: 'signed', ds: usable, seconds }
    }
    const denial = judgeDenial(sets, above.zone, name, TYPE.DS, work)
    switch (denial.proves) {
      case 'no-type':
        return { kind: denial.delegation ? 'unsigned' : 'none', seconds }
      case 'unsigned':
        return { kind: 'unsigned', seconds }
      case 'no-name':
        return { kind: 'none', seconds }
      case 'nothing': {
        const trust = bogus(EXTENDED_ERROR.NSEC_MISSING, `nothing proves that ${presentName(name)} has no DS`)
        return { kind: 'bogus', trust }
      }
    }
  }

  /** The sets, when every one is signed by the zone; else why one is not. */
  verified(
    sets: readonly RecordSet[],
    zone: WireName,
    keys: readonly Dnskey[],
    work: WorkBound,
  ): readonly RecordSet[] | Extract<Trust, { state: 'bogus' }> {
    for (const set of sets) {
      const verified = verifySet(signedBy(set, zone), keys, this.#nowSeconds(), work)
      if ('state' in verified) return verified
      // Spelled out for another name, a proof would deny what lies between the two (RFC 4035 §5.3.4 is for answers).
      if (verified.isWildcard && isDenial(set)) {
        return bogus(EXTENDED_ERROR.DNSSEC_BOGUS, `${presentName(set.name)} has a proof made from a wildcard`)
      }
    }
    return sets
  }

  async #look(name: WireName, type: number, work: WorkBound, signal: AbortSignal): Promise<Message | null> {
    if (!work.lookup()) return null
    const resolution = await this.#ask({ name, type, dnssecOk: true, checkingDisabled: true }, signal)
    return resolution.kind === 'answer' ? resolution.message : null
  }

  #nowSeconds(): number {
    return Math.floor(this.#nowMs() / 1000)
  }

  #kept<Value>(map: Map<string, Kept<Value>>, key: string): Value | null {
    const kept = map.get(key)
    return kept === undefined || kept.untilMs <= this.#nowMs() ? null : kept.value
  }

  #keep<Value>(map: Map<string, Kept<Value>>, key: string, value: Value, seconds: number): void {
    map.delete(key)
    if (map.size >= MOST_KEPT) map.delete(map.keys().next().value!)
    map.set(key, { value, untilMs: this.#nowMs() + Math.min(seconds, LONGEST_SECONDS) * 1000 })
  }
}

export function isDenial({ type }: RecordSet): boolean {
  return type === TYPE.NSEC || type === TYPE.NSEC3
}

export function signersOf({ signatures }: RecordSet): WireName[] {
  return signatures.map(({ rrsig }) => rrsig.signer)
}

/** With the signatures of that zone alone. */
export function signedBy(set: RecordSet, zone: WireName): RecordSet {
  return { ...set, signatures: set.signatures.filter(({ rrsig }) => sameName(rrsig.signer, zone)) }
}

function secondsOf({ records, signatures }: RecordSet): number {
  return Math.min(...records.map(({ ttl }) => ttl), ...signatures.map(({ rrsig }) => rrsig.originalTtl))
}

function unreachable(name: WireName, type: string): Extract<Trust, { state: 'bogus' }> {
  return bogus(EXTENDED_ERROR.DNSSEC_INDETERMINATE, `the ${type} records of ${presentName(name)} cannot be had`)
}
