import { isAscii } from 'node:buffer'
import type { InvalidFeed } from './feed.ts'

type DecodedFeed = {
  /** One character for each octet, so that places in it are places in the bytes. */
  readonly text: string
  /** The text of a part as UTF-8; `null` when it is none. */
  readonly lineOf: (from: number, to: number) => string | null
}

const strict = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** Octets become text a line at a time, so that one broken line costs no other. */
export function decodeFeed(bytes: Uint8Array): DecodedFeed | InvalidFeed {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const [first, second, third] = buffer
  if ((first === 0xff && second === 0xfe) || (first === 0xfe && second === 0xff))
    return { invalid: 'UTF-16; a list is UTF-8' }
  if (first === 0x1f && second === 0x8b) return { invalid: 'compressed twice' }
  const content = first === 0xef && second === 0xbb && third === 0xbf ? buffer.subarray(3) : buffer
  if (content.subarray(0, 65_536).includes(0)) return { invalid: 'binary data, not a list' }
  const text = content.toString('latin1')
  if (isAscii(content)) return { text, lineOf: (from, to) => text.slice(from, to) }
  return {
    text,
    lineOf: (from, to) => {
      const part = content.subarray(from, to)
      if (isAscii(part)) return text.slice(from, to)
      try {
        return strict.decode(part)
      } catch {
        return null
      }
    },
  }
}
