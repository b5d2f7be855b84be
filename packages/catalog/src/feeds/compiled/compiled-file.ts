import { createHash } from 'node:crypto'
import { closeSync, openSync, readFileSync } from 'node:fs'
import { mkdir, open, rename, rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { Feed, NamePatterns } from '../feed.ts'
import { headerSchema, prefixBytes, sectionsOf, unpackPrefixes, type FeedHeader } from './feed-sections.ts'
import { OpenFile } from './open-file.ts'
import { StoredPatterns } from './stored-patterns.ts'

/** Magic and version of the form; the header's length follows, then header, sections, and a digest of all that. */
const MAGIC = Buffer.from('SPFEED01', 'latin1')
const DIGEST_OCTETS = 32

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

/** `null` when there is no such file, or it is not what was written. */
export function openCompiled(path: string): Feed | null {
  let fd: number
  try {
    fd = openSync(path, 'r')
  } catch {
    return null
  }
  const bytes = readFileSync(fd)
  const header = checkedHeader(bytes)
  if (header === null) {
    closeSync(fd)
    return null
  }
  return feedOf(bytes, header, new OpenFile(fd))
}

type Placed = { readonly header: FeedHeader; readonly sectionsAt: number }

function checkedHeader(bytes: Buffer): Placed | null {
  const least = MAGIC.length + 4 + DIGEST_OCTETS
  if (bytes.length < least || !bytes.subarray(0, MAGIC.length).equals(MAGIC)) return null
  const end = bytes.length - DIGEST_OCTETS
  const digest = createHash('sha256').update(bytes.subarray(0, end)).digest()
  if (!digest.equals(bytes.subarray(end))) return null
  const sectionsAt = MAGIC.length + 4 + bytes.readUInt32BE(MAGIC.length)
  if (sectionsAt > end) return null
  const parsed = headerSchema.safeParse(JSON.parse(bytes.toString('utf8', MAGIC.length + 4, sectionsAt)))
  if (!parsed.success) return null
  const size = parsed.data.lists.reduce((sum, each) => sum + each.bytes, prefixBytes(parsed.data.prefixes))
  return sectionsAt + size === end ? { header: parsed.data, sectionsAt } : null
}

function feedOf(bytes: Buffer, { header, sectionsAt }: Placed, file: OpenFile): Feed {
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
    prefixes: unpackPrefixes(bytes.subarray(sectionsAt, sectionsAt + prefixBytes(header.prefixes))),
    ...patternsFor(null),
    byQueryType: new Map(types.map((type) => [type, patternsFor(type)])),
  }
}
