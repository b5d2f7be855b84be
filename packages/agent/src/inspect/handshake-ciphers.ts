import { createCipheriv, createDecipheriv, createHash, createHmac } from 'node:crypto'
import type { HandshakeCrypto } from '@sallyport/wire'

/** What identification needs for JA4 and for QUIC's Initial packets, by Node's OpenSSL. */
export const handshakeCiphers: HandshakeCrypto = {
  sha256: (data) => createHash('sha256').update(data).digest(),
  hmacSha256: (key, data) => createHmac('sha256', key).update(data).digest(),
  aesEcbBlock(key, block) {
    const cipher = createCipheriv('aes-128-ecb', key, null).setAutoPadding(false)
    return Buffer.concat([cipher.update(block), cipher.final()])
  },
  aesGcmOpen(key, nonce, aad, sealed) {
    const opener = createDecipheriv('aes-128-gcm', key, nonce, { authTagLength: 16 })
    opener.setAAD(aad).setAuthTag(sealed.subarray(-16))
    try {
      return Buffer.concat([opener.update(sealed.subarray(0, -16)), opener.final()])
    } catch {
      return null
    }
  },
}

/** What flow records need of it. */
export const recordingCiphers: HandshakeCrypto = { ...handshakeCiphers, sha256: null }
