import { readFileSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { setImmediate as turn } from 'node:timers/promises'

const [NEW_LINE, COMMA, ZERO] = [10, 44, 48]
/** Some ten milliseconds of work. */
const STEP_BYTES = 2 ** 20

const ofLines = (files: readonly string[]): readonly string[] => files.filter((each) => each.endsWith('.csv'))

/** Names of autonomous systems, from the fourth column of the files: only those wanted, since they are many. */
export function networkNames(files: readonly string[], wanted: ReadonlySet<number>): ReadonlyMap<number, string> {
  const names = new Map<number, string>()
  for (const file of ofLines(files)) addNames(names, readFileSync(file), wanted)
  return names
}

/** All of them, in steps between which whoever else runs in this process has a turn. */
export async function allNetworkNames(files: readonly string[]): Promise<ReadonlyMap<number, string>> {
  const names = new Map<number, string>()
  for (const file of ofLines(files)) {
    const octets = await readFile(file)
    for (let from = 0; from < octets.length;) {
      const line = octets.indexOf(NEW_LINE, from + STEP_BYTES)
      const to = line < 0 ? octets.length : line + 1
      addNames(names, octets.subarray(from, to), null)
      from = to
      await turn()
    }
  }
  return names
}

/** Most lines are of a network that is known: no text is made of those. */
function addNames(names: Map<number, string>, lines: Buffer, wanted: ReadonlySet<number> | null): void {
  let [columns, asn, nameAt] = [0, 0, 0]
  for (let at = 0; at <= lines.length; at++) {
    const octet = at < lines.length ? lines[at]! : NEW_LINE
    if (octet === NEW_LINE) {
      if (columns === 3 && !names.has(asn) && (wanted === null || wanted.has(asn)))
        names.set(asn, withoutQuotes(lines.toString('utf8', nameAt, at).trim()))
      if (names.size === wanted?.size) return
      columns = asn = 0
    } else if (octet === COMMA && columns < 3) {
      if (++columns === 3) nameAt = at + 1
    } else if (columns === 2) asn = asn * 10 + octet - ZERO
  }
}

function withoutQuotes(text: string): string {
  return text.startsWith('"') ? text.replace(/^"(.*)"$/, '$1').replaceAll('""', '"') : text
}
