/** Where a hash belongs, unless others are there. */
export function firstSlot(hashes: Uint32Array, low: number): number {
  return Math.floor((low / 0x1_0000_0000) * (hashes.length >>> 1))
}

/** The slot of a hash, or the empty one where it would go; slots are pairs of the halves of hashes. */
export function slotOf(hashes: Uint32Array, low: number, high: number): number {
  let slot = firstSlot(hashes, low)
  while (hashes[slot * 2 + 1] !== 0 && (hashes[slot * 2] !== low || hashes[slot * 2 + 1] !== high)) {
    slot = (slot + 1) * 2 === hashes.length ? 0 : slot + 1
  }
  return slot
}
