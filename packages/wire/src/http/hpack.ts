import { latin1, u8 } from '../identify/octets.ts'
import { decodeHuffman } from './huffman.ts'

export type Field = { readonly name: string; readonly value: string }

/** RFC 7541 Appendix A, from index 1. */
const STATIC: readonly Field[] = (
  ':authority|:method=GET|:method=POST|:path=/|:path=/index.html|:scheme=http|:scheme=https|:status=200|:status=204|' +
  ':status=206|:status=304|:status=400|:status=404|:status=500|accept-charset|accept-encoding=gzip, deflate|' +
  'accept-language|accept-ranges|accept|access-control-allow-origin|age|allow|authorization|cache-control|' +
  'content-disposition|content-encoding|content-language|content-length|content-location|content-range|content-type|cookie|' +
  'date|etag|expect|expires|from|host|if-match|if-modified-since|if-none-match|if-range|if-unmodified-since|last-modified|' +
  'link|location|max-forwards|proxy-authenticate|proxy-authorization|range|referer|refresh|retry-after|server|set-cookie|' +
  'strict-transport-security|transfer-encoding|user-agent|vary|via|www-authenticate'
)
  .split('|')
  .map((text) => {
    const [name, value] = text.split('=')
    return { name: name!, value: value ?? '' }
  })

const MOST_FIELDS = 256
const MOST_TABLE_OCTETS = 4096
const MOST_TEXT = 16384

/** Header block of the first request of a connection, whose dynamic table is empty at its start; null when malformed. */
export function decodeHeaderBlock(bytes: Uint8Array): readonly Field[] | null {
  const block = new HeaderBlock(bytes)
  return block.read() ? block.fields : null
}

class HeaderBlock {
  readonly fields: Field[] = []
  readonly #bytes: Uint8Array
  readonly #dynamic: Field[] = []
  #at = 0
  #bad = false
  #maxTable = MOST_TABLE_OCTETS

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
  }

  read(): boolean {
    while (!this.#bad && this.#at < this.#bytes.length) {
      if (this.fields.length >= MOST_FIELDS) return false
      const octet = u8(this.#bytes, this.#at)
      if (octet >= 0x80) this.#push(this.#indexed(this.#integer(7)))
      else if (octet >= 0x40) this.#remember(this.#literal(6))
      else if (octet >= 0x20) this.#resize(this.#integer(5))
      else this.#push(this.#literal(4))
    }
    return !this.#bad
  }

  #push(field: Field | null): void {
    if (field === null) this.#bad = true
    else this.fields.push(field)
  }

  #remember(field: Field | null): void {
    this.#push(field)
    if (field !== null) this.#dynamic.unshift(field)
    this.#evict()
  }

  #resize(octets: number): void {
    if (octets > MOST_TABLE_OCTETS) this.#bad = true
    this.#maxTable = octets
    this.#evict()
  }

  /** RFC 7541 §4.1: an entry counts 32 octets more than its text. */
  #evict(): void {
    let size = this.#dynamic.reduce((sum, { name, value }) => sum + name.length + value.length + 32, 0)
    while (size > this.#maxTable) {
      const { name, value } = this.#dynamic.pop()!
      size -= name.length + value.length + 32
    }
  }

  #indexed(index: number): Field | null {
    return index <= STATIC.length ? (STATIC[index - 1] ?? null) : (this.#dynamic[index - STATIC.length - 1] ?? null)
  }

  #literal(prefix: number): Field | null {
    const index = this.#integer(prefix)
    const name = index === 0 ? this.#text() : (this.#indexed(index)?.name ?? null)
    const value = this.#text()
    return name === null || value === null ? null : { name, value }
  }

  #text(): string | null {
    const isCoded = u8(this.#bytes, this.#at) >= 0x80
    const length = this.#integer(7)
    const end = this.#at + length
    if (this.#bad || length > MOST_TEXT || end > this.#bytes.length) return null
    const octets = this.#bytes.subarray(this.#at, end)
    this.#at = end
    return isCoded ? decodeHuffman(octets) : latin1(octets)
  }

  /** RFC 7541 §5.1; what needs more than four octets after the prefix is refused. */
  #integer(prefix: number): number {
    const most = (1 << prefix) - 1
    let value = this.#octet() & most
    if (value < most) return value
    for (let shift = 0; shift < 28; shift += 7) {
      const octet = this.#octet()
      value += (octet & 0x7f) << shift
      if (octet < 0x80) return value
    }
    this.#bad = true
    return 0
  }

  #octet(): number {
    if (this.#at >= this.#bytes.length) this.#bad = true
    return u8(this.#bytes, this.#at++)
  }
}
