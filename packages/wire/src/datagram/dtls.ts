import { found, type Found } from '../identify/identification.ts'
import { u16, u24, u8 } from '../identify/octets.ts'
import type { DatagramView } from '../identify/recogniser.ts'
import { parseClientHello } from '../tls/client-hello.ts'
import { foundHello } from '../tls/recognise-tls.ts'

const VERSIONS: readonly number[] = [0xfeff, 0xfefd, 0xfefc, 0x0100]

/** DTLS 1.0 to 1.3 (RFC 6347 §4.1, RFC 9147 §4); a hello that is cut into fragments is known without its name. */
export function dtls({ bytes, ciphers }: DatagramView): Found | null {
  const type = u8(bytes, 0)
  if (bytes.length < 13 || type < 20 || type > 25 || !VERSIONS.includes(u16(bytes, 1))) return null
  const length = u16(bytes, 11)
  if (length === 0 || 13 + length > bytes.length) return null
  if (type !== 22) return found('dtls', 0, 13, 'DTLS record', { confidence: 'medium' })
  const [whole, offset, part] = [u24(bytes, 14), u24(bytes, 19), u24(bytes, 22)]
  const isHello = u8(bytes, 13) === 1 && u16(bytes, 3) === 0
  if (!isHello) return found('dtls', 0, 13, 'DTLS handshake record')
  if (offset !== 0 || part !== whole || 25 + whole > bytes.length) {
    return found('dtls', 0, 25, 'fragment of a DTLS ClientHello', { problem: 'incomplete-handshake' })
  }
  const hello = parseClientHello(bytes.subarray(25, 25 + whole), true)
  return hello === null
    ? found('dtls', 0, 25, 'DTLS ClientHello', { problem: 'incomplete-handshake' })
    : foundHello('dtls', hello, 25, 'd', ciphers)
}
