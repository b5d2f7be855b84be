import assert from 'node:assert/strict'
import { X509Certificate } from 'node:crypto'
import { deflateRawSync, gzipSync } from 'node:zlib'
import { exactDetector, hashValues } from '../src/content/exact-set.ts'
import { scanContent } from '../src/content/scan-content.ts'
import { readKeytab } from '../src/identity/kerberos/read-keytab.ts'
import { stapledStatus } from '../src/revocation/stapled-status.ts'
import { RevokingAuthority } from './revocation.fixture.ts'

type Random = (below: number) => number
type Fuzzer = {
  readonly corpus: () => readonly Uint8Array[]
  readonly parse: (bytes: Uint8Array, random: Random) => boolean | Promise<boolean>
  readonly wrap?: (bytes: Uint8Array, random: Random) => Uint8Array
}

const SECRET = 'card 4111 1111 1111 1111, IBAN DE89370400440532013000'

/** `hasLength`: said before the entry, or behind it (PKWARE APPNOTE §4.3.9). */
function zipped(content: string, hasLength: boolean): Buffer {
  const packed = deflateRawSync(content)
  const head = Buffer.from('504b0304140000000800000000000000000000000000000000000100000061', 'hex')
  const behind = Buffer.from('504b070800000000000000000000000000000000', 'hex').subarray(0, 16)
  if (hasLength) head.writeUInt32LE(packed.length, 18)
  else head.writeUInt16LE(8, 6)
  return Buffer.concat([head, packed, hasLength ? Buffer.alloc(0) : behind])
}

const BODIES: readonly Uint8Array[] = [
  Buffer.from(SECRET),
  gzipSync(SECRET),
  zipped(SECRET, true),
  zipped(SECRET, false),
  Buffer.concat([zipped('a', false), zipped(gzipSync(SECRET).toString('latin1'), true)]),
  Buffer.from(`{"a":"${Buffer.from(gzipSync(SECRET)).toString('base64')}","b":"\\u0034\\u0031%31 x"}`),
  Buffer.from(
    `--x\r\nContent-Type: application/zip\r\n\r\n${zipped(SECRET, true).toString('latin1')}\r\n--x--\r\n`,
    'latin1',
  ),
]
const OWN = exactDetector('names', hashValues(['jane example', 'john example']), 1)
const LIMITS = { unpackedBytes: 2 ** 20, depth: 4 }
const CODINGS = ['identity', 'gzip', 'deflate', 'br', 'zstd', 'unknown'] as const

/** For `npm run fuzz -- content`: a body is read to its end or said to be opaque, whatever it is packed in. */
export const fuzzContent: Fuzzer = {
  corpus: () => BODIES,
  async parse(bytes, random) {
    const codings = random(4) === 0 ? [CODINGS[random(CODINGS.length)]!] : []
    const { findings, opaque } = await scanContent(Buffer.from(bytes), codings, LIMITS, [OWN])
    for (const { count } of findings) assert.ok(count > 0)
    return findings.length > 0 && opaque === null
  },
}

/** Made once for a run. */
function answers(): {
  readonly about: X509Certificate
  readonly issuer: X509Certificate
  readonly said: readonly Buffer[]
} {
  using authority = new RevokingAuthority()
  const { cert } = authority.issue('revoked')
  authority.issue('other')
  authority.revoke('revoked')
  authority.issue('responder', 'responder')
  const said = [authority.ocsp('revoked'), authority.ocsp('revoked', 'responder'), authority.ocsp('other')]
  return { about: new X509Certificate(cert), issuer: new X509Certificate(authority.cert), said }
}

/** For `npm run fuzz -- ocsp`: no damage to what an authority has signed makes a revoked certificate a good one. */
export function ocspFuzzer(): Fuzzer {
  const { about, issuer, said } = answers()
  const nowMs = Date.now()
  return {
    corpus: () => [...said, new Uint8Array(about.raw)],
    // Almost no damage leaves anything that counts.
    wrap: (bytes, random) => (random(8) === 0 ? said[random(said.length)]! : bytes),
    parse(bytes) {
      const status = stapledStatus(bytes, about, issuer, nowMs)
      assert.notEqual(status, 'good')
      return status === 'revoked'
    },
  }
}

/** For `npm run fuzz -- keytab`: principals lie within the file. */
export const fuzzKeytab: Fuzzer = {
  corpus: () => [
    Buffer.from(
      '05020000003d0002000b4558414d504c452e4f52470004485454500009702e6578616d706c6500000001000000000100120010000102030405060708090a0b0c0d0e0ffffffff40000000000000000000000000000003d0002000b4558414d504c452e4f52470004485454500009702e6578616d706c6500000001000000000100120010000102030405060708090a0b0c0d0e0f',
      'hex',
    ),
  ],
  parse(bytes) {
    const entries = readKeytab(bytes)
    for (const { service, realm } of entries ?? []) assert.ok(service.length + realm.length <= bytes.length)
    return entries !== null && entries.length > 0
  },
}
