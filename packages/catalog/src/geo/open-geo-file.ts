import { readFileSync, statSync } from 'node:fs'
import { readMmdb, type MmdbTable } from './mmdb-table.ts'
import { readRangeText } from './range-text.ts'

const MAX_OCTETS = 512 * 2 ** 20
/** The metadata of a MaxMind DB begins with this, in its last 128 KiB. */
const MMDB_MARKER = Buffer.from('\xab\xcd\xefMaxMind.com', 'latin1')
const MMDB_METADATA_OCTETS = 128 * 1024

/** What is in use from a file of the user, and the form that it is kept in. */
export type GeoFile = MmdbTable & { readonly form: 'mmdb' | 'csv'; readonly bytes: Buffer }

/** A MaxMind DB, or one or more files of ranges that are read as one. `null`: one of them is not there. */
export function openGeoFile(files: readonly string[]): GeoFile | { readonly invalid: string } | null {
  const facts = files.map((file) => statSync(file, { throwIfNoEntry: false }))
  if (facts.includes(undefined)) return null
  if (facts.reduce((sum, each) => sum + each!.size, 0) > MAX_OCTETS)
    return { invalid: `more than ${MAX_OCTETS / 2 ** 20} MiB` }
  const pieces = files.map((file) => readFileSync(file))
  const [first, ...more] = pieces
  if (first!.subarray(-MMDB_METADATA_OCTETS).includes(MMDB_MARKER)) {
    if (more.length > 0) return { invalid: 'a MaxMind DB is given alone' }
    const read = readMmdb(first!)
    return 'invalid' in read ? read : { ...read, form: 'mmdb', bytes: first! }
  }
  const read = readRangeText(pieces, Math.min(...facts.map((each) => each!.mtimeMs)))
  return 'invalid' in read ? read : { ...read, form: 'csv', bytes: Buffer.concat(pieces) }
}
