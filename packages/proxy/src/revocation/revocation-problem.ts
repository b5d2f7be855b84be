import { X509Certificate } from 'node:crypto'
import type { DetailedPeerCertificate, TLSSocket } from 'node:tls'
import type { RevocationLists } from './revocation-lists.ts'
import { mustStaple, stapledStatus } from './stapled-status.ts'

const LONGEST_CHAIN = 10

/** Why the server's certificate does not hold although it did once; null when nothing says so. */
export async function revocationProblem(
  tls: TLSSocket,
  staple: Uint8Array | null,
  lists: RevocationLists | null,
  nowMs: number,
): Promise<string | null> {
  const chain = chainOf(tls)
  const [leaf, issuer] = chain
  if (leaf === undefined || issuer === undefined) return null
  const status = staple === null ? 'unusable' : stapledStatus(staple, leaf, issuer, nowMs)
  if (status === 'revoked') return 'revoked, says the answer that it brought (OCSP)'
  if (status !== 'good' && mustStaple(leaf))
    return 'it must bring an answer of its issuer (OCSP), and brought none that holds'
  if (lists === null) return null
  for (const [index, certificate] of chain.entries()) {
    const above = chain[index + 1]
    if (above !== undefined && (await lists.isRevoked(certificate, above))) return 'revoked, says a list of its issuer'
  }
  return null
}

/** From the server's own certificate to that of an authority, as they were verified. */
function chainOf(tls: TLSSocket): readonly X509Certificate[] {
  const chain: X509Certificate[] = []
  let certificate: DetailedPeerCertificate | undefined = tls.getPeerCertificate(true)
  while (certificate?.raw !== undefined && chain.length < LONGEST_CHAIN) {
    chain.push(new X509Certificate(certificate.raw))
    const above: DetailedPeerCertificate | undefined = certificate.issuerCertificate
    if (above === undefined || above.fingerprint256 === certificate.fingerprint256) break
    certificate = above
  }
  return chain
}
