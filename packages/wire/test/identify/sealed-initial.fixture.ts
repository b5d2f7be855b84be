import { createCipheriv, createHmac } from 'node:crypto'

const CONNECTION = Buffer.from('0102030405060708', 'hex')
const LEAST_PAYLOAD = 1165

/** Version as on the wire, and the salt its keys are made with. */
export type Sealing = { readonly version: Uint8Array; readonly saltHex: string }

export const VERSION_1: Sealing = {
  version: Uint8Array.of(0, 0, 0, 1),
  saltHex: '38762cf7f55934b34d179ae6a4c80cadccbb7f0a',
}

/** An Initial of a client, sealed as RFC 9001 §5 says, and filled with PADDING up to what a client must send. */
export function sealedInitial({ version, saltHex }: Sealing, frames: Uint8Array): Uint8Array {
  const hmac = (key: Buffer, data: Buffer): Buffer => createHmac('sha256', key).update(data).digest()
  const expand = (secret: Buffer, label: string, length: number): Buffer => {
    const full = Buffer.from(`tls13 ${label}`)
    const info = Buffer.concat([Buffer.from([0, length, full.length]), full, Buffer.from([0, 1])])
    return hmac(secret, info).subarray(0, length)
  }
  const client = expand(hmac(Buffer.from(saltHex, 'hex'), CONNECTION), 'client in', 32)
  const payload = Buffer.concat([frames, Buffer.alloc(Math.max(0, LEAST_PAYLOAD - frames.length))])
  const length = 1 + payload.length + 16
  const header = Buffer.concat([
    Buffer.from([0xc0]),
    version,
    Buffer.from([CONNECTION.length]),
    CONNECTION,
    Buffer.from([0, 0, 0x40 | (length >> 8), length & 0xff, 0]),
  ])
  const seal = createCipheriv('aes-128-gcm', expand(client, 'quic key', 16), expand(client, 'quic iv', 12))
  seal.setAAD(header)
  const packet = Buffer.concat([header, seal.update(payload), seal.final(), seal.getAuthTag()])
  const sample = packet.subarray(header.length + 3, header.length + 19)
  const mask = createCipheriv('aes-128-ecb', expand(client, 'quic hp', 16), null).update(sample)
  packet[0]! ^= mask[0]! & 0x0f
  packet[header.length - 1]! ^= mask[1]!
  return packet
}

/** One CRYPTO frame of less than 16 KiB; its type is 6, and 8 in Google's versions. */
export function cryptoFrame(data: Uint8Array, type = 6, offset = 0): Uint8Array {
  const head = [type, 0x40 | (offset >> 8), offset & 0xff, 0x40 | (data.length >> 8), data.length & 0xff]
  return Uint8Array.from([...head, ...data])
}
