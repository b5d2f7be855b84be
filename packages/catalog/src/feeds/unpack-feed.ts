import { createGunzip } from 'node:zlib'
import type { InvalidFeed } from './feed.ts'

/** A list of ten million names fits. */
export const MAX_UNPACKED_BYTES: number = 256 * 2 ** 20

/** Whatever is a gzip file by its first octets is unpacked, up to a bound: a small file may stand for any amount. */
export async function unpackFeed(
  packed: Uint8Array,
  maxBytes: number = MAX_UNPACKED_BYTES,
): Promise<Uint8Array | InvalidFeed> {
  if (packed[0] !== 0x1f || packed[1] !== 0x8b) {
    return packed.length > maxBytes ? { invalid: tooLarge(maxBytes) } : packed
  }
  const gunzip = createGunzip({ chunkSize: 2 ** 20 })
  const chunks: Buffer[] = []
  let size = 0
  try {
    gunzip.end(packed)
    for await (const chunk of gunzip) {
      size += (chunk as Buffer).length
      if (size > maxBytes) return { invalid: tooLarge(maxBytes) }
      chunks.push(chunk as Buffer)
    }
  } catch (error) {
    const isCut = error instanceof Error && error.message.includes('unexpected end')
    return { invalid: isCut ? 'a gzip file that ends too early' : 'a damaged gzip file' }
  } finally {
    gunzip.destroy()
  }
  return Buffer.concat(chunks)
}

function tooLarge(maxBytes: number): string {
  return `more than ${Math.floor(maxBytes / 2 ** 20)} MiB`
}
