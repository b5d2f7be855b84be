import { createHash } from 'node:crypto'
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import * as z from 'zod'
import { RangeRows } from './range-rows.ts'
import { rangeTableOf, readRangeRows, type RangeTable, type ValuedRows } from './range-table.ts'

/** Magic and version of the form and of the reader; the header's length follows, then header, columns, and a digest of all that. */
const MAGIC = Buffer.from('SPRANG01', 'latin1')
const DIGEST_OCTETS = 32

const headerSchema = z.object({ count: z.int().min(0), values: z.array(z.string()) })

/**
 * The table of files of `start,end,value` lines, from a directory that keeps it as it was read before: half a million lines are a
 * second of work. A copy is known by the files that it was made from; one that is damaged is made again.
 */
export function readKeptRangeTable(files: readonly string[], directory: string | null): RangeTable {
  if (directory === null) return rangeTableOf(readRangeRows(files))
  const from = createHash('sha256').update(JSON.stringify(files.map(identityOf)))
  const path = join(directory, `${from.digest('hex')}.ranges`)
  const known = readCompiledRanges(path)
  if (known !== null) return rangeTableOf(known)
  const read = readRangeRows(files)
  try {
    writeCompiledRanges(path, read)
    removeOthers(directory, files.length)
  } catch {
    // A directory that cannot be written, or a full disk: the table is as good without its copy.
  }
  return rangeTableOf(read)
}

function identityOf(file: string): readonly unknown[] {
  const { size, mtimeMs } = statSync(file)
  return [file, size, mtimeMs]
}

/** Whole or not at all. */
function writeCompiledRanges(path: string, { rows, values }: ValuedRows): void {
  const header = Buffer.from(JSON.stringify({ count: rows.count, values }))
  const padding = Buffer.alloc(-header.length & 3, ' ')
  const length = Buffer.alloc(4)
  length.writeUInt32LE(header.length + padding.length)
  const columns = rows
    .columns()
    .map(({ buffer, byteOffset, byteLength }) => Buffer.from(buffer, byteOffset, byteLength))
  const bytes = Buffer.concat([MAGIC, length, header, padding, ...columns])
  const temporary = `${path}.${process.pid}.new`
  mkdirSync(join(path, '..'), { recursive: true, mode: 0o700 })
  writeFileSync(temporary, Buffer.concat([bytes, createHash('sha256').update(bytes).digest()]), { mode: 0o644 })
  renameSync(temporary, path)
}

/** `null` when there is no such file, or it is not what was written. */
function readCompiledRanges(path: string): ValuedRows | null {
  let bytes: Buffer
  try {
    bytes = readFileSync(path)
  } catch {
    return null
  }
  const end = bytes.length - DIGEST_OCTETS
  if (end < MAGIC.length + 4 || !bytes.subarray(0, MAGIC.length).equals(MAGIC)) return null
  if (!createHash('sha256').update(bytes.subarray(0, end)).digest().equals(bytes.subarray(end))) return null
  const columnsAt = MAGIC.length + 4 + bytes.readUInt32LE(MAGIC.length)
  if (columnsAt > end) return null
  const header = headerSchema.safeParse(JSON.parse(bytes.toString('utf8', MAGIC.length + 4, columnsAt)))
  if (!header.success || columnsAt + header.data.count * RangeRows.ROW_OCTETS !== end) return null
  const words = new Uint32Array((end - columnsAt) / 4)
  new Uint8Array(words.buffer).set(bytes.subarray(columnsAt, end))
  return { rows: RangeRows.ofColumns(words, header.data.count), values: header.data.values }
}

/** What is kept for tables that are no more. */
function removeOthers(directory: string, most: number): void {
  const files = readdirSync(directory)
    .filter((name) => name.endsWith('.ranges'))
    .map((name) => ({ path: join(directory, name), madeMs: statSync(join(directory, name)).mtimeMs }))
    .sort((a, b) => b.madeMs - a.madeMs)
  for (const { path } of files.slice(Math.max(most, 4))) rmSync(path, { force: true })
}
