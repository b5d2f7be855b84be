import {
  EXTENDED_ERROR,
  presentName,
  RCODE,
  sameName,
  TYPE,
  type Message,
  type Question,
  type WireName,
} from '@sallyport/wire'
import { judgeDenial } from './judge-denial.ts'
import { isAtOrBelow, isBelow, tail } from './name-tree.ts'
import { nsecCoversName } from './nsec-denial.ts'
import { nsec3CoversName } from './nsec3-denial.ts'
import { recordSets, type RecordSet } from './record-set.ts'
import { bogus, INSECURE, SECURE, type Trust } from './trust.ts'
import { verifySet } from './verify-set.ts'
import type { WorkBound } from './work-bound.ts'
import { isDenial, signedBy, signersOf, type ZoneTrusts } from './zone-trusts.ts'

const LONGEST_CHAIN = 16

/** What the signatures of an answer say about it as a whole (RFC 4035 §5): the least of what they say about its parts. */
export async function validateAnswer(
  message: Message,
  question: Question,
  zones: ZoneTrusts,
  nowSeconds: number,
  work: WorkBound,
  signal: AbortSignal,
): Promise<Trust> {
  const sets = recordSets(message.answers)
  const denials = recordSets(message.authorities).filter(isDenial)
  let trust: Trust = SECURE
  for (const set of sets) {
    const of = isSynthesized(set, sets) ? SECURE : await setTrust(set, denials, zones, nowSeconds, work, signal)
    if (of.state === 'bogus') return of
    if (of.state === 'insecure') trust = INSECURE
  }
  const last = lastOfChain(sets, question.name)
  const answered = sets.some(
    ({ name, type }) => sameName(name, last) && (type === question.type || question.type === TYPE.ANY),
  )
  if (answered) return trust
  const negative = await denialTrust(message, denials, last, question.type, zones, work, signal)
  return negative.state === 'secure' ? trust : negative
}

async function setTrust(
  set: RecordSet,
  denials: readonly RecordSet[],
  zones: ZoneTrusts,
  nowSeconds: number,
  work: WorkBound,
  signal: AbortSignal,
): Promise<Trust> {
  // A DS record is signed by the zone above its name.
  const signer = signersOf(set).find((zone) =>
    set.type === TYPE.DS ? isBelow(set.name, zone) : isAtOrBelow(set.name, zone),
  )
  if (signer === undefined) return await zones.unsignedAt(ownerZone(set), work, signal)
  const keys = await zones.keysOf(signer, work, signal)
  if (keys.state !== 'secure') return keys
  const verified = verifySet(signedBy(set, signer), keys.keys, nowSeconds, work)
  if ('state' in verified) return verified
  if (!verified.isWildcard) return SECURE
  // RFC 4035 §5.3.4: a wildcard answers only for names that are not there.
  const next = tail(set.name, verified.signature.rrsig.labels + 1)
  const own = denials.filter((denial) => !('state' in zones.verified([denial], signer, keys.keys, work)))
  if (nsecCoversName(own, set.name) || nsec3CoversName(own, signer, next, work)) return SECURE
  return bogus(EXTENDED_ERROR.NSEC_MISSING, `nothing proves that ${presentName(set.name)} comes from a wildcard`)
}

/** Where an unsigned set would have been signed: a DS record above its name. */
function ownerZone({ name, type }: RecordSet): WireName {
  return type === TYPE.DS && name.labels.length > 0 ? tail(name, name.labels.length - 1) : name
}

async function denialTrust(
  message: Message,
  denials: readonly RecordSet[],
  name: WireName,
  type: number,
  zones: ZoneTrusts,
  work: WorkBound,
  signal: AbortSignal,
): Promise<Trust> {
  const sets = denials.length > 0 ? denials : recordSets(message.authorities).filter((set) => set.type === TYPE.SOA)
  const signer = sets
    .flatMap(signersOf)
    .find((zone) => (type === TYPE.DS && name.labels.length > 0 ? isBelow(name, zone) : isAtOrBelow(name, zone)))
  if (signer === undefined) return await zones.unsignedAt(name, work, signal)
  const keys = await zones.keysOf(signer, work, signal)
  if (keys.state !== 'secure') return keys
  const verified = zones.verified(denials, keys.zone, keys.keys, work)
  if ('state' in verified) return verified
  const { proves } = judgeDenial(denials, keys.zone, name, type, work)
  if (proves === 'unsigned') return INSECURE
  if (proves === (message.header.rcode === RCODE.NXDOMAIN ? 'no-name' : 'no-type')) return SECURE
  return bogus(EXTENDED_ERROR.NSEC_MISSING, `nothing proves that ${presentName(name)} has no such record`)
}

function lastOfChain(sets: readonly RecordSet[], asked: WireName): WireName {
  let name = asked
  for (let step = 0; step < LONGEST_CHAIN; step++) {
    const alias = sets.find((set) => set.type === TYPE.CNAME && sameName(set.name, name))
    const data = alias?.records[0]?.data
    if (data?.kind !== 'name') return name
    name = data.name
  }
  return name
}

/** RFC 6672 §5.3.1: a CNAME record that follows from a DNAME record is not signed itself. */
function isSynthesized(set: RecordSet, sets: readonly RecordSet[]): boolean {
  if (set.type !== TYPE.CNAME || set.signatures.length > 0 || set.records.length !== 1) return false
  const target = set.records[0]!.data
  return sets.some(({ type, name, records, signatures }) => {
    const data = records[0]?.data
    if (type !== TYPE.DNAME || signatures.length === 0 || !isBelow(set.name, name)) return false
    if (data?.kind !== 'name' || target.kind !== 'name') return false
    const kept = set.name.labels.slice(0, set.name.labels.length - name.labels.length)
    return sameName(target.name, { labels: [...kept, ...data.name.labels] })
  })
}
