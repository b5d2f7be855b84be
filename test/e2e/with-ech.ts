import { randomBytes } from 'node:crypto'

const RECORD = 5
/** Type, length, version and random. */
const BEFORE_SESSION = RECORD + 4 + 2 + 32
const ECH = 0xfe0d

/** A ClientHello in one record, with an outer encrypted_client_hello (RFC 9849 §5) that nobody can open. */
export function withEch(hello: Uint8Array): Uint8Array {
  const before = Buffer.from(hello)
  let at = BEFORE_SESSION
  at += 1 + before[at]!
  at += 2 + before.readUInt16BE(at)
  at += 1 + before[at]!
  const payload = randomBytes(144)
  // outer; HKDF-SHA256 with AES-128-GCM; which key; an encapsulated key of X25519.
  const head = Buffer.from([0, 0, 1, 0, 1, 7, 0, 32])
  const body = Buffer.concat([head, randomBytes(32), Buffer.from([0, payload.length]), payload])
  const extension = Buffer.alloc(4 + body.length)
  extension.writeUInt16BE(ECH, 0)
  extension.writeUInt16BE(body.length, 2)
  body.copy(extension, 4)
  const all = Buffer.concat([before, extension])
  all.writeUInt16BE(all.length - RECORD, 3)
  all.writeUIntBE(all.length - RECORD - 4, RECORD + 1, 3)
  all.writeUInt16BE(all.length - at - 2, at)
  return all
}
