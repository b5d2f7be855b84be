import { createHash } from 'node:crypto'
import { fstatSync, openSync } from 'node:fs'
import { mkdir, open, rename, rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import { setImmediate as others } from 'node:timers/promises'
import type { Feed, NamePatterns } from '../feed.ts'
import { headerSchema, prefixBytes, sectionsOf, unpackPrefixes, type FeedHeader } from './feed-sections.ts'
import { OpenFile } from './open-file.ts'
import { StoredPatterns } from './stored-patterns.ts'

/** Magic and version of the form; the header's length follows, then header, sections, and a digest of all that. */
const MAGIC = Buffer.from('SPFEED01', 'latin1')
const DIGEST_OCTETS = 32
/** Under a millisecond of work; others get their turn in between. */
const PART_OCTETS = 2 ** 20

/** Whole or not at all. */
export async function writeCompiled(path: string, feed: Feed): Promise<void> {
  const { header, sections } = sectionsOf(feed)
  const text = Buffer.from(JSON.stringify(header))
  const length = Buffer.alloc(4)
  length.writeUInt32BE(text.length)
  const parts = [MAGIC, length, text, ...sections]
  const digest = createHash('sha256')
  for (const part of parts) {
    for (let at = 0; at < part.length; at += PART_OCTETS) {
      digest.update(part.subarray(at, at + PART_OCTETS))
      await others()
    }
  }
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
export async function openCompiled(path: string): Promise<Feed | null> {
  let fd: number
  try {
    fd = openSync(path, 'r')
  } catch {
    return null
  }
  const file = new OpenFile(fd)
  const { size } = fstatSync(fd)
  return (await isWhole(file, size)) ? feedOf(file, size - DIGEST_OCTETS) : null
}

async function isWhole(file: OpenFile, size: number): Promise<boolean> {
  const end = size - DIGEST_OCTETS
  if (end < MAGIC.length + 4) return false
  const digest = createHash('sha256')
  for (let at = 0; at < end; at += PART_OCTETS) {
    digest.update(file.read(at, Math.min(PART_OCTETS, end - at)))
    await others()
  }
  return digest.digest().equals(file.read(end, DIGEST_OCTETS))
}

function feedOf(file: OpenFile, end: number): Feed | null {
  const headerAt = MAGIC.length + 4
  const start = file.read(0, headerAt)
  const length = start.readUInt32BE(MAGIC.length)
  if (!start.subarray(0, MAGIC.length).equals(MAGIC) || headerAt + length > end) return null
  const parsed = headerSchema.safeParse(JSON.parse(file.read(headerAt, length).toString()))
  if (!parsed.success) return null
  const header = parsed.data
  const size = header.lists.reduce((sum, each) => sum + each.bytes, prefixBytes(header.prefixes))
  return headerAt + length + size === end ? openedFeed(header, headerAt + length, file) : null
}

function openedFeed(header: FeedHeader, sectionsAt: number, file: OpenFile): Feed {
  let at = sectionsAt + prefixBytes(header.prefixes)
  const byQueryType = new Map<string | null, { domains?: StoredPatterns; except?: StoredPatterns }>()
  for (const { isExcept, queryType, length, bytes: size } of header.lists) {
    const patterns = new StoredPatterns(file, at, size, length)
    at += size
    byQueryType.set(queryType, { ...byQueryType.get(queryType), [isExcept ? 'except' : 'domains']: patterns })
  }
  const patternsFor = (type: string | null): NamePatterns => byQueryType.get(type) as NamePatterns
  const types = [...byQueryType.keys()].filter((type) => type !== null)
  return {
    format: header.format,
    problems: header.problems,
    prefixes: unpackPrefixes(file.read(sectionsAt, prefixBytes(header.prefixes))),
    ...patternsFor(null),
    byQueryType: new Map(types.map((type) => [type, patternsFor(type)])),
  }
}
