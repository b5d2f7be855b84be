import { EMPTY_SLOT, HEADER_WORDS, IMAGE_MAGIC, MAX_PROBES, slotOf } from './image-writer.ts'

export const UNKNOWN_CLASS = 0xffffffff
const MAX_DEPTH = 20

export type LeafAt = {
  readonly verdict: number
  readonly mode: number
  readonly sole: boolean
  readonly rank: number
  readonly rule: number
  /** Where in the image the walk ended. */
  readonly offset: number
}

/** The walk that the kernel makes, word for word; `null` is an image that leads nowhere, which denies. */
export function walkImage(image: Uint32Array, classOf: (variable: number, offset: number) => number): LeafAt | null {
  if (image[0] !== IMAGE_MAGIC) return null
  let offset = image[1]!
  for (let depth = 0; depth < MAX_DEPTH; depth++) {
    const head = image[offset]
    if (head === undefined) return null
    const kind = head >>> 24
    if (kind === 0) {
      const word = image[offset + 1]!
      return {
        verdict: word & 255,
        mode: (word >>> 8) & 255,
        sole: word >>> 24 === 1,
        rank: image[offset + 2]!,
        rule: image[offset + 3]!,
        offset,
      }
    }
    offset = step(image, offset, kind, classOf(head & 0xffffff, offset))
  }
  return null
}

function step(image: Uint32Array, offset: number, kind: number, valueClass: number): number {
  if (valueClass === UNKNOWN_CLASS) return image[offset + 2]!
  const count = image[offset + 3]!
  const children = offset + HEADER_WORDS
  if (kind === 1) return valueClass < count ? image[children + valueClass]! : image[offset + 1]!
  for (let probe = 0; probe < MAX_PROBES; probe++) {
    const at = children + ((slotOf(valueClass, count) + probe) & count) * 2
    if (image[at] === valueClass) return image[at + 1]!
    if (image[at] === EMPTY_SLOT) break
  }
  return image[offset + 1]!
}
