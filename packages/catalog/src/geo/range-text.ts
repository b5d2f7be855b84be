import type { MmdbTable } from './mmdb-table.ts'
import { rangeTableOf, rangeRowsOf } from './range-table.ts'

/** What the lines at the beginning of such a file say of it. */
type RangeTextFacts = { readonly title: string; readonly builtMs: number; readonly attribution: string }

const MOST_HEADER_OCTETS = 4096
/** A file of another kind may have some lines that look like ranges. */
const LEAST_SHARE = 0.9

/**
 * Lines of `first,last,country`, the addresses as decimal numbers or IPv6: Tor's `geoip` and `geoip6`, which Debian has as
 * tor-geoipdb. `??` is no country. Several files are read as one.
 */
export function readRangeText(pieces: readonly Buffer[], changedMs: number): MmdbTable | { readonly invalid: string } {
  const { rows, values } = rangeRowsOf(pieces)
  const lines = pieces.reduce((sum, piece) => sum + linesOf(piece), 0)
  if (rows.count === 0 || rows.count < lines * LEAST_SHARE || values.some((value) => !/^[A-Z]{2}$/.test(value)))
    return { invalid: 'not a MaxMind DB, or a damaged one, and no lines of first,last,country' }
  const { title, builtMs, attribution } = rangeTextFacts(pieces[0]!, changedMs)
  return { kind: 'country', type: title, builtMs, attribution, table: rangeTableOf({ rows, values }) }
}

export function rangeTextFacts(bytes: Buffer, changedMs: number): RangeTextFacts {
  const header = bytes.toString('utf8', 0, MOST_HEADER_OCTETS)
  const said = (word: string): string | null =>
    new RegExp(`^# ${word}:[ \\t]*(\\S.{0,100})$`, 'm').exec(header)?.[1] ?? null
  const [vendor, license] = [said('Vendor'), said('License')]
  const builtMs = Date.parse(said('Generated') ?? '')
  return {
    title: vendor === null ? 'ranges of countries' : `ranges of countries of ${vendor}`,
    builtMs: Number.isNaN(builtMs) ? changedMs : builtMs,
    attribution: vendor === null || license === null ? 'see the licence of the file' : `${vendor}, ${license}`,
  }
}

/** Lines that ought to be ranges of a country. */
function linesOf(bytes: Buffer): number {
  let lines = 0
  for (let at = 0; at < bytes.length;) {
    const newline = bytes.indexOf(0x0a, at)
    const end = newline < 0 ? bytes.length : newline
    const isUnknown = bytes[end - 1] === 0x3f || bytes[end - 2] === 0x3f
    if (end > at && bytes[at] !== 0x23 && !isUnknown) lines++
    at = end + 1
  }
  return lines
}
