import { createHash, X509Certificate } from 'node:crypto'

/**
 * What a client binds its ticket to: our certificate, by the hash of its signature (tls-server-end-point, RFC 5929 §4.1). Null where
 * that hash is not told by the algorithm's name.
 */
export function serverEndPoint(certPem: string): Buffer | null {
  const certificate = new X509Certificate(certPem)
  const hash = /md5|sha-?(?:1|224|256|384|512)/i.exec(certificate.signatureAlgorithm ?? '')?.[0]?.toLowerCase()
  if (hash === undefined) return null
  const used = /^(md5|sha-?1)$/.test(hash) ? 'sha256' : hash.replace('-', '')
  return Buffer.concat([Buffer.from('tls-server-end-point:'), createHash(used).update(certificate.raw).digest()])
}
