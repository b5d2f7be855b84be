import { readFileSync } from 'node:fs'

/** Names of autonomous systems, from the fourth column of the files: only those wanted, since they are many. */
export function networkNames(files: readonly string[], wanted: ReadonlySet<number>): ReadonlyMap<number, string> {
  const names = new Map<number, string>()
  for (const file of files.filter((each) => each.endsWith('.csv'))) {
    for (const line of readFileSync(file, 'utf8').split('\n')) {
      if (names.size === wanted.size) return names
      const [, , asn = ''] = line.split(',', 3)
      const number = Number(asn)
      if (!wanted.has(number) || names.has(number)) continue
      const name = line.slice(line.indexOf(`,${asn},`) + asn.length + 2).trim()
      names.set(number, name.replace(/^"(.*)"$/, '$1').replaceAll('""', '"'))
    }
  }
  return names
}
