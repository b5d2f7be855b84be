import { EXTENDED_ERROR, presentName, typeName, type Dnskey, type Rrsig } from '@sallyport/wire'
import type { RecordSet, Signature } from './record-set.ts'
import { isSignedBy, isZoneKey, keyTag } from './signature.ts'
import { bogus, type Trust } from './trust.ts'
import type { WorkBound } from './work-bound.ts'

/** Keys with one tag that are tried for one signature. */
const MOST_ALIKE = 4

type Verified = { readonly signature: Signature; readonly isWildcard: boolean }

/** The signature that holds, or why none does. */
export function verifySet(
  set: RecordSet,
  keys: readonly Dnskey[],
  nowSeconds: number,
  work: WorkBound,
): Verified | Extract<Trust, { state: 'bogus' }> {
  const what = `${presentName(set.name)} ${typeName(set.type)}`
  let why = bogus(EXTENDED_ERROR.DNSSEC_BOGUS, `no signature over ${what} holds`)
  for (const signature of set.signatures) {
    const { rrsig, octets } = signature
    const time = timeProblem(rrsig, nowSeconds)
    if (time !== null) {
      why = bogus(
        time,
        `the signature over ${what} is ${time === EXTENDED_ERROR.SIGNATURE_EXPIRED ? 'over' : 'not valid yet'}`,
      )
      continue
    }
    const alike = keys.filter(
      (key) => isZoneKey(key) && key.algorithm === rrsig.algorithm && keyTag(key) === rrsig.keyTag,
    )
    if (alike.length === 0) why = bogus(EXTENDED_ERROR.DNSKEY_MISSING, `no key fits the signature over ${what}`)
    for (const key of alike.slice(0, MOST_ALIKE)) {
      if (!work.signature()) return bogus(EXTENDED_ERROR.DNSSEC_INDETERMINATE, 'too many signatures to check')
      if (!isSignedBy(set, rrsig, octets, key)) continue
      const labels = set.name.labels[0] === '*' ? set.name.labels.length - 1 : set.name.labels.length
      return { signature, isWildcard: rrsig.labels < labels }
    }
  }
  return why
}

/** RFC 4034 §3.1.5: serial number arithmetic. */
function timeProblem({ inception, expiration }: Rrsig, nowSeconds: number): number | null {
  const now = nowSeconds >>> 0
  if (((expiration - now) | 0) < 0) return EXTENDED_ERROR.SIGNATURE_EXPIRED
  return ((now - inception) | 0) < 0 ? EXTENDED_ERROR.SIGNATURE_NOT_YET_VALID : null
}
