import { CLASS_IN, RCODE, TYPE, type Message, type ResourceRecord } from '@sallyport/wire'
import type { AskUpstreams } from '../cache/caching-resolver.ts'
import type { Counters } from '../counters.ts'
import type { TrustAnchor } from './trust-anchors.ts'
import { recordSets } from './record-set.ts'
import { validateAnswer } from './validate-answer.ts'
import { WorkBound } from './work-bound.ts'
import { ZoneTrusts } from './zone-trusts.ts'

/** What of the authority section signatures vouch for; the rest is left out. */
const KEPT: ReadonlySet<number> = new Set([TYPE.SOA, TYPE.NSEC, TYPE.NSEC3, TYPE.RRSIG])

/**
 * Asks, and gives answers whose signatures hold, or that are proved to have none, with AD set accordingly; bogus ones
 * fail. Who sets CD gets what came (RFC 4035 §3.2.2). `isExempt` names have no signatures to look for. `nowMs` since 1970.
 */
export function validatingUpstreams(
  ask: AskUpstreams,
  anchors: readonly TrustAnchor[],
  isExempt: (name: Parameters<AskUpstreams>[0]['name']) => boolean,
  counters: Counters,
  nowMs: () => number,
): AskUpstreams {
  const zones = new ZoneTrusts(anchors, ask, nowMs)
  return async (asked, signal) => {
    if (isExempt(asked.name)) return withoutTrust(await ask(asked, signal))
    const found = await ask({ ...asked, dnssecOk: true, checkingDisabled: true }, signal)
    if (found.kind === 'failed' || asked.checkingDisabled || !isAnswer(found.message)) return withoutTrust(found)
    const question = { name: asked.name, type: asked.type, class: CLASS_IN }
    const nowSeconds = Math.floor(nowMs() / 1000)
    const trust = await validateAnswer(found.message, question, zones, nowSeconds, new WorkBound(), signal)
    if (trust.state === 'bogus') {
      counters.add('dnssecBogus')
      return { kind: 'failed', reason: 'bogus', error: trust.error }
    }
    counters.add(trust.state === 'secure' ? 'dnssecSecure' : 'dnssecInsecure')
    return { ...found, message: trusted(found.message, trust.state === 'secure', nowSeconds) }
  }
}

type Resolution = Awaited<ReturnType<AskUpstreams>>

/** What an upstream says about signatures is not taken from it. */
function withoutTrust(found: Resolution): Resolution {
  return found.kind === 'failed' ? found : { ...found, message: withAd(found.message, false) }
}

function isAnswer({ header }: Message): boolean {
  return header.rcode === RCODE.NOERROR || header.rcode === RCODE.NXDOMAIN
}

function withAd(message: Message, authenticData: boolean): Message {
  return { ...message, header: { ...message.header, authenticData } }
}

function trusted(message: Message, secure: boolean, nowSeconds: number): Message {
  const authorities = message.authorities.filter(({ type }) => KEPT.has(type))
  const bounded = { ...message, answers: boundedTtls(message.answers, nowSeconds), authorities }
  return withAd(secure ? bounded : { ...message, authorities: message.authorities }, secure)
}

/** RFC 4035 §5.3.3: no longer than the signature holds, and than its signer said. */
function boundedTtls(records: readonly ResourceRecord[], nowSeconds: number): ResourceRecord[] {
  const bounds = new Map<ResourceRecord, number>()
  for (const { records: own, signatures } of recordSets(records)) {
    const most = Math.min(
      ...signatures.map(({ rrsig }) => Math.min(rrsig.originalTtl, (rrsig.expiration - nowSeconds) | 0)),
    )
    for (const record of own) bounds.set(record, Math.max(0, most))
  }
  return records.map((record) => ({ ...record, ttl: Math.min(record.ttl, bounds.get(record) ?? Infinity) }))
}
