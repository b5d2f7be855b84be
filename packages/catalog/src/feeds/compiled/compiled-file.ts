import { createHash } from 'node:crypto'
import { fstatSync } from 'node:fs'
import { mkdir, open, rename, rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { Feed } from '../feed.ts'
import { feedOfSections, headerSchema, prefixBytes, sectionsOf } from './feed-sections.ts'
import { OpenFile } from './open-file.ts'
import { StoredPatterns } from './stored-patterns.ts'

/** Magic and version of the form; the header's length follows, then header, sections, and a digest of all that. */
const MAGIC = Buffer.from('SPFEED01', 'latin1')
const DIGEST_OCTETS = 32
/** So much is in memory at once. */
const PART_OCTETS = 2 ** 20

/** Whole or not at all. */
export async function writeCompiled(path: string, feed: Feed): Promise<void> {
  const { header, sections } = sectionsOf(feed)
  const text = Buffer.from(JSON.stringify(header))
  const length = Buffer.alloc(4)
  length.writeUInt32BE(text.length)
  const parts = [MAGIC, length, text, ...sections]
  const digest = createHash('sha256')
  for (const part of parts) digest.update(part)
  await mkdir(dirname(path), { recursive: true, mode: 0o755 })
  const temporary = `${path}.${process.pid}.new`
  try {
    await using file = await open(temporary, 'w', 0o644)
    for (const part of [...parts, digest.digest()]) await file.writeFile(part)
  } catch (error) {
    await rm(temporary, { force: true })
    throw error
  }
  await rename(temporary, path)
}

/** `null` when there is no such file, or it is not what was written. It is never in memory as a whole. */
export function openCompiled(path: string): Feed | null {
  const file = OpenFile.open(path)
  if (file === null) return null
  const { size } = fstatSync(file.fd)
  return isWhole(file, size) ? feedOf(file, size - DIGEST_OCTETS) : null
}

/** The same for a file that this process has written or read as a whole: its digest is not computed again. */
export function openChecked(path: string): Feed | null {
  const file = OpenFile.open(path)
  return file === null ? null : feedOf(file, fstatSync(file.fd).size - DIGEST_OCTETS)
}

function isWhole(file: OpenFile, size: number): boolean {
  const end = size - DIGEST_OCTETS
  if (end < MAGIC.length + 4) return false
  const digest = createHash('sha256')
  for (let at = 0; at < end; at += PART_OCTETS) {
    digest.update(file.read(at, Math.min(PART_OCTETS, end - at)))
  }
  return digest.digest().equals(file.read(end, DIGEST_OCTETS))
}

function feedOf(file: OpenFile, end: number): Feed | null {
  const headerAt = MAGIC.length + 4
  if (end < headerAt) return null
  const start = file.read(0, headerAt)
  const length = start.readUInt32BE(MAGIC.length)
  if (!start.subarray(0, MAGIC.length).equals(MAGIC) || headerAt + length > end) return null
  const parsed = headerSchema.safeParse(JSON.parse(file.read(headerAt, length).toString()))
  if (!parsed.success) return null
  const header = parsed.data
  const prefixes = prefixBytes(header.prefixes)
  const size = header.lists.reduce((sum, each) => sum + each.bytes, prefixes)
  if (headerAt + length + size !== end) return null
  let at = headerAt + length
  const prefixOctets = file.read(at, prefixes)
  at += prefixes
  const patterns = header.lists.map(({ bytes, length: count }) => {
    const stored = new StoredPatterns(file, at, bytes, count)
    at += bytes
    return stored
  })
  return feedOfSections(header, prefixOctets, patterns)
}
