import { createCipheriv, createHmac } from 'node:crypto'

/** Initial packets of QUIC 1 that carry a ClientHello (RFC 9001 §5, RFC 9000 §17.2.2): one datagram each, the hello cut where told. */
export function quicInitials(hello: Uint8Array, cuts: readonly number[] = []): readonly Uint8Array[] {
  const edges = [0, ...cuts, hello.length]
  return edges.slice(1).map((end, index) => initial(hello.subarray(edges[index], end), edges[index]!, index))
}

const CONNECTION = Buffer.from('8394c8f03e515708', 'hex')
const SALT = Buffer.from('38762cf7f55934b34d179ae6a4c80cadccbb7f0a', 'hex')

function expand(secret: Uint8Array, label: string, length: number): Buffer {
  const name = `tls13 ${label}`
  const info = Buffer.from([length >> 8, length & 255, name.length, ...Buffer.from(name), 0, 1])
  return createHmac('sha256', secret).update(info).digest().subarray(0, length)
}

function initial(part: Uint8Array, offset: number, number: number): Uint8Array {
  const secret = expand(extract(), 'client in', 32)
  const [key, iv, header] = [
    expand(secret, 'quic key', 16),
    expand(secret, 'quic iv', 12),
    expand(secret, 'quic hp', 16),
  ]
  const varint = (value: number): number[] => [0x40 | (value >> 8), value & 255]
  const frames = Buffer.alloc(1162)
  Buffer.from([6, ...varint(offset), ...varint(part.length), ...part]).copy(frames)
  const length = 4 + frames.length + 16
  const packetNumber = [0, 0, 0, number]
  const head = Buffer.from([0xc3, 0, 0, 0, 1, 8, ...CONNECTION, 0, 0, ...varint(length), ...packetNumber])
  const nonce = Buffer.from(iv)
  nonce[11]! ^= number
  const cipher = createCipheriv('aes-128-gcm', key, nonce)
  cipher.setAAD(head)
  const sealed = Buffer.concat([cipher.update(frames), cipher.final(), cipher.getAuthTag()])
  const mask = createCipheriv('aes-128-ecb', header, null).update(sealed.subarray(0, 16))
  head[0]! ^= mask[0]! & 0x0f
  for (let at = 0; at < 4; at++) head[head.length - 4 + at]! ^= mask[1 + at]!
  return Buffer.concat([head, sealed])
}

function extract(): Uint8Array {
  return createHmac('sha256', SALT).update(CONNECTION).digest()
}
