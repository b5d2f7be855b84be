import { pipeline, Readable } from 'node:stream'
import { createGunzip, createZstdDecompress } from 'node:zlib'

const MAGIC = {
  gzip: { octets: Uint8Array.of(0x1f, 0x8b), open: createGunzip },
  zstd: { octets: Uint8Array.of(0x28, 0xb5, 0x2f, 0xfd), open: createZstdDecompress },
} as const

/** Octets as they were before gzip or zstd, where the first ones say that it was used. Rejects where what is packed is damaged. */
export async function* unpacked(stream: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  const pieces = stream[Symbol.asyncIterator]()
  const first = await pieces.next()
  if (first.done === true) return
  const whole = rejoined(first.value, pieces)
  const used = Object.values(MAGIC).find(({ octets }) => first.value.subarray(0, octets.length).equals(octets))
  if (used === undefined) return yield* whole
  const plain = used.open()
  // What fails is told to whoever reads.
  pipeline(Readable.from(whole), plain, () => {})
  yield* plain as AsyncIterable<Buffer>
}

async function* rejoined(first: Buffer, rest: AsyncIterator<Buffer>): AsyncGenerator<Buffer> {
  yield first
  for (;;) {
    const next = await rest.next()
    if (next.done === true) return
    yield next.value
  }
}
