import { createHash, verify, X509Certificate, type KeyObject } from 'node:crypto'
import { BasicOCSPResponse, OCSPResponse, type SingleResponse } from '@peculiar/asn1-ocsp'
import { AsnConvert, AsnSerializer } from '@peculiar/asn1-schema'
import { Certificate } from '@peculiar/asn1-x509'

/** `unusable`: whatever it says counts for nothing. */
export type StapledStatus = 'good' | 'revoked' | 'unusable'

const BASIC = '1.3.6.1.5.5.7.48.1.1'
const OCSP_SIGNING = '1.3.6.1.5.5.7.3.9'
/** Hashes of signatures; SHA-1 is none any more (RFC 9155 gives the reasons). */
const SIGNATURES: Readonly<Record<string, string | null>> = {
  '1.2.840.113549.1.1.11': 'sha256',
  '1.2.840.113549.1.1.12': 'sha384',
  '1.2.840.113549.1.1.13': 'sha512',
  '1.2.840.10045.4.3.2': 'sha256',
  '1.2.840.10045.4.3.3': 'sha384',
  '1.2.840.10045.4.3.4': 'sha512',
  '1.3.101.112': null,
}
/** Of certificates' names in a response, where SHA-1 hides nothing. */
const NAME_HASHES: Readonly<Record<string, string>> = { '1.3.14.3.2.26': 'sha1', '2.16.840.1.101.3.4.2.1': 'sha256' }
const CLOCK_MS = 5 * 60_000
/** Of an answer that does not say when the next one comes. */
const LONGEST_MS = 7 * 86_400_000

/** What a server's stapled answer (RFC 6960) says of its certificate; only one that the issuer stands behind counts. */
export function stapledStatus(
  der: Uint8Array,
  leaf: X509Certificate,
  issuer: X509Certificate,
  nowMs: number,
): StapledStatus {
  try {
    const { responseBytes } = AsnConvert.parse(der, OCSPResponse)
    if (responseBytes?.responseType !== BASIC) return 'unusable'
    const basic = AsnConvert.parse(responseBytes.response.buffer, BasicOCSPResponse)
    if (!isSigned(basic, issuer, nowMs)) return 'unusable'
    const single = basic.tbsResponseData.responses.find((each) => isFor(each, leaf, issuer) && isFresh(each, nowMs))
    if (single === undefined) return 'unusable'
    if (single.certStatus.revoked !== undefined) return 'revoked'
    return single.certStatus.good === undefined ? 'unusable' : 'good'
  } catch {
    return 'unusable'
  }
}

/** RFC 6960 §4.2.2.2: by the issuer, or by whom the issuer has made its responder. */
function isSigned(basic: BasicOCSPResponse, issuer: X509Certificate, nowMs: number): boolean {
  const { tbsResponseDataRaw, signatureAlgorithm, signature, certs = [] } = basic
  const hash = SIGNATURES[signatureAlgorithm.algorithm]
  if (hash === undefined || tbsResponseDataRaw === undefined) return false
  const [said, by] = [new Uint8Array(tbsResponseDataRaw), new Uint8Array(signature)]
  const responders = certs
    .map((cert) => new X509Certificate(new Uint8Array(AsnSerializer.serialize(cert))))
    .filter((cert) => isResponder(cert, issuer, nowMs))
  return [issuer, ...responders].some(({ publicKey }) => holds(hash, said, publicKey, by))
}

function holds(hash: string | null, said: Uint8Array, key: KeyObject, signature: Uint8Array): boolean {
  try {
    return verify(hash, said, key, signature)
  } catch {
    return false
  }
}

function isResponder(cert: X509Certificate, issuer: X509Certificate, nowMs: number): boolean {
  const isNow = cert.validFromDate.getTime() <= nowMs + CLOCK_MS && cert.validToDate.getTime() >= nowMs
  return (
    isNow && cert.keyUsage?.includes(OCSP_SIGNING) === true && cert.checkIssued(issuer) && cert.verify(issuer.publicKey)
  )
}

function isFor({ certID }: SingleResponse, leaf: X509Certificate, issuer: X509Certificate): boolean {
  const hash = NAME_HASHES[certID.hashAlgorithm.algorithm]
  if (hash === undefined) return false
  const { subject, subjectPublicKeyInfo } = AsnConvert.parse(issuer.raw, Certificate).tbsCertificate
  const digest = (bytes: ArrayBuffer): Buffer => createHash(hash).update(new Uint8Array(bytes)).digest()
  const { serialNumber } = AsnConvert.parse(leaf.raw, Certificate).tbsCertificate
  return (
    Buffer.from(certID.serialNumber).equals(Buffer.from(serialNumber)) &&
    Buffer.from(certID.issuerNameHash.buffer).equals(digest(AsnSerializer.serialize(subject))) &&
    Buffer.from(certID.issuerKeyHash.buffer).equals(digest(subjectPublicKeyInfo.subjectPublicKey))
  )
}

function isFresh({ thisUpdate, nextUpdate }: SingleResponse, nowMs: number): boolean {
  const untilMs = nextUpdate?.getTime() ?? thisUpdate.getTime() + LONGEST_MS
  return thisUpdate.getTime() <= nowMs + CLOCK_MS && untilMs >= nowMs - CLOCK_MS
}

/** RFC 7633: the certificate says that it counts only with such an answer. */
export function mustStaple(leaf: X509Certificate): boolean {
  const { extensions = [] } = AsnConvert.parse(leaf.raw, Certificate).tbsCertificate
  const feature = extensions.find(({ extnID }) => extnID === '1.3.6.1.5.5.7.1.24')
  // SEQUENCE of INTEGERs, 5 is status_request.
  return feature !== undefined && Buffer.from(feature.extnValue.buffer).includes(Uint8Array.from([2, 1, 5]))
}
