import { Command } from 'commander'
import { compareTables, openGeography, type TableComparison } from '@sallyport/catalog'
import { examples, jsonOption } from '../../input/options.ts'
import { readableStates } from '../../input/state-directory.ts'
import { note, printJson, printLine } from '../../output/print.ts'
import { tableLines } from '../../output/table.ts'
import type { Answer } from '../answer.ts'
import { readGeoFile } from './geo-file.ts'

const SHOWN = 20

export function geoCompareCommand(answer: Answer): Command {
  return new Command('compare')
    .description('how the data in use and other data agree, over all IPv4 addresses')
    .argument('<file...>', 'a MaxMind DB of countries or networks, or lines of first,last,country')
    .addOption(jsonOption())
    .addHelpText(
      'after',
      examples('sallyport geo compare GeoLite2-Country.mmdb', 'sallyport geo compare /usr/share/tor/geoip'),
    )
    .action((files: readonly string[], options: { readonly json?: boolean }) => {
      const other = readGeoFile(files)
      const { countries, networks } = openGeography(readableStates('geo'), note)
      const comparison = compareTables(other.kind === 'country' ? countries : networks, other.table)
      if (options.json === true) printJson({ kind: other.kind, ...comparison })
      else print(comparison)
      answer(0)
    })
}

function print({ same, different, onlyFirst, onlySecond, pairs }: TableComparison): void {
  const both = same + different
  printLine(`${percent(same, both)} of the ${both} addresses that both know are the same`)
  printLine(`${onlyFirst} addresses are in the data in use alone, ${onlySecond} in the file alone`)
  const rows = pairs.slice(0, SHOWN).map(({ first, second, addresses }) => [first, second, addresses])
  if (rows.length > 0) for (const line of tableLines(['IN USE', 'FILE', 'ADDRESSES'], rows)) printLine(line)
}

function percent(part: number, whole: number): string {
  return `${whole === 0 ? 0 : ((part * 100) / whole).toFixed(2)}%`
}
