/** What a reader of the zip unpacks as one entry. */
export type ZipEntry = { readonly method: number; readonly isEncrypted: boolean; readonly packed: Buffer }

const LOCAL = 0x04034b50
const LOCAL_MARK = 'PK\x03\x04'
const CENTRAL = 0x02014b50
const END = 'PK\x05\x06'
const DESCRIPTOR = 'PK\x07\x08'
const END_OCTETS = 22
const LONGEST_COMMENT = 0xffff
const IN_ZIP64 = 0xffffffff
const MOST_ENTRIES = 50_000

type Found = Map<string, ZipEntry>

/** `isWhole`: some way of reading it holds to its end. */
export type ZipRead = { readonly entries: readonly ZipEntry[]; readonly isWhole: boolean }

/**
 * Entries by either way of reading a zip (PKWARE APPNOTE §4.3): local headers from the front, as programs do that read a stream, and the
 * directory at the end. An archive whose two ways disagree shows different files to different programs, so all of both are given.
 */
export function zipEntries(bytes: Buffer): ZipRead {
  const found: Found = new Map()
  const isWholeByFront = readFront(bytes, found)
  const end = directoryEnd(bytes)
  const isWhole = end === null ? isWholeByFront : readDirectory(bytes, end, found)
  return { entries: [...found.values()], isWhole: isWhole && found.size < MOST_ENTRIES }
}

/** Whether the octets end like a zip, whatever they begin with: programs that read the directory take them for one. */
export function endsAsZip(bytes: Buffer): boolean {
  const end = directoryEnd(bytes)
  return end !== null && bytes.readUInt16LE(end + 10) > 0
}

function directoryEnd(bytes: Buffer): number | null {
  if (bytes.length < END_OCTETS) return null
  const from = Math.max(0, bytes.length - END_OCTETS - LONGEST_COMMENT)
  const at = bytes.lastIndexOf(END, bytes.length - END_OCTETS, 'latin1')
  return at < from ? null : at
}

/** A length that lies hides what follows from some readers alone: then every header counts, wherever it stands. */
function readFront(bytes: Buffer, found: Found): boolean {
  let isWhole = true
  let hasMarks = true
  let at = 0
  while (at + 30 <= bytes.length && found.size < MOST_ENTRIES) {
    if (bytes.readUInt32LE(at) !== LOCAL) {
      if (isWhole && bytes.readUInt32LE(at) === CENTRAL) return true
      isWhole = false
      at = bytes.indexOf(LOCAL_MARK, at, 'latin1')
      if (at < 0) return false
      continue
    }
    const [flags, method] = [bytes.readUInt16LE(at + 6), bytes.readUInt16LE(at + 8)]
    const start = at + 30 + bytes.readUInt16LE(at + 26) + bytes.readUInt16LE(at + 28)
    const hasLength = (flags & 8) === 0
    const mark: number = hasLength || !hasMarks ? -1 : bytes.indexOf(DESCRIPTOR, start, 'latin1')
    hasMarks &&= hasLength || mark >= 0
    const end = hasLength ? start + bytes.readUInt32LE(at + 18) : mark
    const isSound = end >= start && end <= bytes.length
    add(found, start, method, flags, bytes.subarray(start, isSound ? end : bytes.length))
    isWhole &&= isSound
    at = !isSound ? at + 4 : hasLength ? end : end + 16
  }
  return isWhole
}

function readDirectory(bytes: Buffer, end: number, found: Found): boolean {
  const [count, size, offset] = [
    bytes.readUInt16LE(end + 10),
    bytes.readUInt32LE(end + 12),
    bytes.readUInt32LE(end + 16),
  ]
  // What stands before the first entry (a program that unpacks itself) moves all offsets.
  const start = end - size
  const moved = start - offset
  if (count === 0xffff || moved < 0) return false
  let at = start
  for (let entry = 0; entry < count && found.size < MOST_ENTRIES; entry++) {
    if (at + 46 > end || bytes.readUInt32LE(at) !== CENTRAL) return false
    const [flags, method, length] = [
      bytes.readUInt16LE(at + 8),
      bytes.readUInt16LE(at + 10),
      bytes.readUInt32LE(at + 20),
    ]
    const local = bytes.readUInt32LE(at + 42) + moved
    if (length === IN_ZIP64 || local + 30 > bytes.length || bytes.readUInt32LE(local) !== LOCAL) return false
    const data = local + 30 + bytes.readUInt16LE(local + 26) + bytes.readUInt16LE(local + 28)
    if (data + length > bytes.length) return false
    add(found, data, method, flags, bytes.subarray(data, data + length))
    at += 46 + bytes.readUInt16LE(at + 28) + bytes.readUInt16LE(at + 30) + bytes.readUInt16LE(at + 32)
  }
  return true
}

/** The longest that some way of reading gives. */
function add(found: Found, start: number, method: number, flags: number, packed: Buffer): void {
  const key = `${start} ${method}`
  const known = found.get(key)
  if (known !== undefined && known.packed.length >= packed.length) return
  found.set(key, { method, isEncrypted: (flags & 1) !== 0 || known?.isEncrypted === true, packed })
}
