import { createHash, createPublicKey, verify, type KeyObject } from 'node:crypto'
import {
  canonicalName,
  canonicalSet,
  nameOctets,
  type Dnskey,
  type Ds,
  type Rrsig,
  type WireName,
} from '@sallyport/wire'
import type { RecordSet } from './record-set.ts'

const ZONE_KEY = 0x0100
const REVOKED = 0x0080
const DNSSEC_PROTOCOL = 3

/** Algorithms that are checked. SHA-1 is none of them: RFC 9905 has what is signed with it taken as unsigned. */
export const ALGORITHMS: ReadonlySet<number> = new Set([8, 10, 13, 14, 15, 16])

const DIGEST: Readonly<Record<number, string>> = { 2: 'sha256', 4: 'sha384' }

export function isDigestKnown({ digestType }: Ds): boolean {
  return DIGEST[digestType] !== undefined
}

/** RFC 4034 appendix B. */
export function keyTag({ octets }: Dnskey): number {
  let sum = 0
  octets.forEach((octet, at) => (sum += at % 2 === 0 ? octet << 8 : octet))
  return (sum + (sum >>> 16)) & 0xffff
}

export function isZoneKey({ flags, protocol }: Dnskey): boolean {
  return (flags & ZONE_KEY) !== 0 && (flags & REVOKED) === 0 && protocol === DNSSEC_PROTOCOL
}

/** RFC 4034 §5.1.4. */
export function isDigestOf(ds: Ds, owner: WireName, key: Dnskey): boolean {
  const algorithm = DIGEST[ds.digestType]
  if (algorithm === undefined || ds.algorithm !== key.algorithm || ds.keyTag !== keyTag(key)) return false
  const digest = createHash(algorithm)
    .update(nameOctets(canonicalName(owner)))
    .update(key.octets)
    .digest()
  return digest.equals(ds.digest)
}

/** Whether `key` made the signature, whatever its times (RFC 4034 §3.1.8.1). */
export function isSignedBy(set: RecordSet, rrsig: Rrsig, rrsigOctets: Uint8Array, key: Dnskey): boolean {
  const publicKey = importKey(key)
  if (publicKey === null) return false
  // The data without the signature; the signer's name stands in it in lower case.
  const head = rrsigOctets.slice(0, 18)
  const owner = signedOwner(set.name, rrsig.labels)
  if (owner === null) return false
  const data = Buffer.concat([
    head,
    nameOctets(canonicalName(rrsig.signer)),
    ...canonicalSet(owner, rrsig.originalTtl, set.records),
  ])
  try {
    return verify(HASH[key.algorithm] ?? null, data, { key: publicKey, dsaEncoding: 'ieee-p1363' }, rrsig.signature)
  } catch {
    return false
  }
}

/** RFC 4035 §5.3.2: with fewer labels than the name has, a wildcard was signed. */
function signedOwner({ labels }: WireName, signed: number): WireName | null {
  const count = labels[0] === '*' ? labels.length - 1 : labels.length
  if (signed > count) return null
  return signed === count ? { labels } : { labels: ['*', ...labels.slice(labels.length - signed)] }
}

const HASH: Readonly<Record<number, string>> = { 8: 'sha256', 10: 'sha512', 13: 'sha256', 14: 'sha384' }
const CURVE: Readonly<Record<number, readonly [name: string, octets: number]>> = {
  13: ['P-256', 32],
  14: ['P-384', 48],
}
const EDWARDS: Readonly<Record<number, readonly [name: string, octets: number]>> = {
  15: ['Ed25519', 32],
  16: ['Ed448', 57],
}

/** RFC 3110, RFC 6605, RFC 8080. */
function importKey({ algorithm, key }: Dnskey): KeyObject | null {
  const text = (octets: Uint8Array): string => Buffer.from(octets).toString('base64url')
  try {
    const curve = CURVE[algorithm]
    if (curve !== undefined) {
      const [crv, size] = curve
      if (key.length !== 2 * size) return null
      const jwk = { kty: 'EC', crv, x: text(key.subarray(0, size)), y: text(key.subarray(size)) }
      return createPublicKey({ key: jwk, format: 'jwk' })
    }
    const edwards = EDWARDS[algorithm]
    if (edwards !== undefined) {
      const [crv, size] = edwards
      return key.length === size ? createPublicKey({ key: { kty: 'OKP', crv, x: text(key) }, format: 'jwk' }) : null
    }
    if (!ALGORITHMS.has(algorithm)) return null
    const long = key[0] === 0
    const size = long ? (key[1]! << 8) | key[2]! : key[0]!
    const start = long ? 3 : 1
    const modulus = key.subarray(start + size)
    // RFC 3110 §2: at most 4096 bits; a longer one would cost more than it is worth.
    if (size === 0 || size > 8 || modulus.length < 64 || modulus.length > 512) return null
    const jwk = { kty: 'RSA', n: text(modulus), e: text(key.subarray(start, start + size)) }
    return createPublicKey({ key: jwk, format: 'jwk' })
  } catch {
    return null
  }
}
