import { createHash, createPublicKey, timingSafeEqual, verify } from 'node:crypto'

const ED25519_SPKI = Buffer.from('302a300506032b6570032100', 'hex')
const KEY_OCTETS = 42
const SIGNATURE_OCTETS = 74
const TRUSTED = 'trusted comment: '

/**
 * Checks a signature of minisign: Ed25519 over the document, or over its BLAKE2b-512 digest, by the key of this id, and again
 * over signature and trusted comment. `null` when it holds, else why not.
 */
export function verifyMinisign(document: Uint8Array, signatureFile: string, publicKey: string): string | null {
  const key = Buffer.from(publicKey, 'base64')
  const [, encoded = '', comment = '', encodedGlobal = ''] = signatureFile.split(/\r?\n/)
  const signature = Buffer.from(encoded, 'base64')
  const global = Buffer.from(encodedGlobal, 'base64')
  if (key.length !== KEY_OCTETS || key.toString('latin1', 0, 2) !== 'Ed') return 'not a public key of minisign'
  if (signature.length !== SIGNATURE_OCTETS || global.length !== 64 || !comment.startsWith(TRUSTED)) {
    return 'not a signature of minisign'
  }
  const algorithm = signature.toString('latin1', 0, 2)
  if (algorithm !== 'Ed' && algorithm !== 'ED') return 'a signature of an algorithm that is not known'
  if (!timingSafeEqual(signature.subarray(2, 10), key.subarray(2, 10))) return 'signed by another key'
  const ed25519 = createPublicKey({ key: Buffer.concat([ED25519_SPKI, key.subarray(10)]), format: 'der', type: 'spki' })
  const signed = algorithm === 'ED' ? createHash('blake2b512').update(document).digest() : document
  const own = signature.subarray(10)
  const commented = Buffer.concat([own, Buffer.from(comment.slice(TRUSTED.length))])
  const holds = verify(null, signed, ed25519, own) && verify(null, commented, ed25519, global)
  return holds ? null : 'the signature does not hold'
}
