/** How a file is packed; `unreadable`: in a way that is not unpacked here. */
export type PackedFile = 'zip' | 'gzip' | 'zstd' | 'tar' | 'unreadable'

const MAGIC: readonly (readonly [PackedFile, number, string])[] = [
  ['zip', 0, 'PK\x03\x04'],
  ['gzip', 0, '\x1f\x8b\x08'],
  ['zstd', 0, '\x28\xb5\x2f\xfd'],
  ['tar', 257, 'ustar'],
  ['unreadable', 0, '7z\xbc\xaf\x27\x1c'],
  ['unreadable', 0, 'Rar!\x1a\x07'],
  ['unreadable', 0, '\xfd7zXZ\0'],
  ['unreadable', 0, '\x04\x22\x4d\x18'],
  ['unreadable', 0, 'MSCF\0\0\0\0'],
]
// Its first octets alone are letters.
const BZIP2 = /^BZh[1-9]1AY&SY/

/** By the octets from `at` on, one character an octet. */
export function packedFile(text: string, at = 0): PackedFile | null {
  const known = MAGIC.find(([, offset, magic]) => text.startsWith(magic, at + offset))?.[0] ?? null
  return known ?? (BZIP2.test(text.slice(at, at + 10)) ? 'unreadable' : null)
}
