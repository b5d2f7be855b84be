import { connect } from 'node:tls'
import { Duplex } from 'node:stream'

/** What this Node's TLS client says first. */
export function clientHelloOf(servername: string, alpn: readonly string[]): Promise<Uint8Array> {
  return new Promise((resolve) => {
    const transport = new Duplex({
      read() {},
      write(chunk: Buffer, _encoding, done) {
        resolve(new Uint8Array(chunk))
        done()
      },
    })
    connect({ socket: transport, servername, ALPNProtocols: [...alpn] }).on('error', () => {})
  })
}

const u16 = (value: number): number[] => [value >> 8, value & 255]
const ascii = (text: string): number[] => [...text].map((char) => char.charCodeAt(0))

export const serverName = (...names: readonly string[]): number[] => {
  const list = names.flatMap((name) => [0, ...u16(name.length), ...ascii(name)])
  return [...u16(0), ...u16(list.length + 2), ...u16(list.length), ...list]
}

/** A ClientHello with the extensions given, in one record. */
export function helloWith(extensions: readonly number[][], recordSize = 16384): Uint8Array {
  const all = extensions.flat()
  const body = [3, 3, ...new Array<number>(32).fill(7), 0, 0, 2, 0x13, 0x01, 1, 0, ...u16(all.length), ...all]
  const message = [1, 0, ...u16(body.length), ...body]
  const records: number[] = []
  for (let at = 0; at < message.length; at += recordSize) {
    const part = message.slice(at, at + recordSize)
    records.push(22, 3, 1, ...u16(part.length), ...part)
  }
  return Uint8Array.from(records)
}
