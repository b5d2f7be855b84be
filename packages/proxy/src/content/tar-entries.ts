const BLOCK = 512

/** Contents of the files of a tar (POSIX ustar), null when a header does not hold. */
export function tarEntries(bytes: Buffer): readonly Buffer[] | null {
  const entries: Buffer[] = []
  for (let at = 0; at + BLOCK <= bytes.length;) {
    const sizeText = bytes.toString('latin1', at + 124, at + 136)
    if (bytes[at] === 0) return entries
    const size = /^[0-7]{1,12}[ \0]*$/.test(sizeText) ? Number.parseInt(sizeText, 8) : NaN
    const start = at + BLOCK
    if (!(start + size <= bytes.length)) return null
    entries.push(bytes.subarray(start, start + size))
    at = start + Math.ceil(size / BLOCK) * BLOCK
  }
  return entries
}
