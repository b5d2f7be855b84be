import { Command, Option } from 'commander'
import { TOP_BY, type TopBy, type TopRow } from '@sallyport/store'
import { addFlowSource, openFlowSource, type FlowSource } from '../input/flow-source.ts'
import { addFilterArgument, readFilter } from '../input/filter-argument.ts'
import { examples, jsonOption } from '../input/options.ts'
import { printJson, printLine } from '../output/print.ts'
import { printable, styled } from '../output/style.ts'
import { parseCount } from './flows.ts'

type Options = FlowSource & { readonly by: TopBy; readonly limit: number; readonly json?: boolean }

export function topCommand(): Command {
  return addFlowSource(addFilterArgument(new Command('top')))
    .description('the busiest destinations, applications, users, …')
    .addOption(new Option('--by <key>', 'what to count by').choices(TOP_BY).default('destination'))
    .option('--limit <count>', 'at most so many rows', parseCount, 20)
    .addOption(jsonOption())
    .addHelpText('after', examples('sallyport top since:1d', 'sallyport top --by app verdict:deny since:7d --json'))
    .action(async (filter: readonly string[], options: Options, command: Command) => {
      const parsed = readFilter(filter, command)
      using store = await openFlowSource(options)
      const rows = await store.top(options.by, parsed, options.limit)
      if (options.json === true) printJson({ by: options.by, rows })
      else printRows(options.by, rows)
    })
}

function printRows(by: TopBy, rows: readonly TopRow[]): void {
  const keys = rows.map(({ key }) => (key === '' ? '(none)' : printable(key)))
  const width = Math.min(60, Math.max(by.length, ...keys.map((key) => key.length)))
  printLine(
    styled('bold', `${by.padEnd(width)} ${'flows'.padStart(10)} ${'denied'.padStart(10)} ${'sent'.padStart(10)}`),
  )
  for (const [index, { flows, denied, bytesOut }] of rows.entries()) {
    const counts = [`${flows}`, `${denied}`, bytesText(bytesOut)].map((text) => text.padStart(10)).join(' ')
    printLine(`${keys[index]!.padEnd(width)} ${counts}`)
  }
}

function bytesText(bytes: number): string {
  const step = [1e12, 1e9, 1e6, 1e3].find((each) => bytes >= each)
  if (step === undefined) return `${bytes} B`
  return `${(bytes / step).toFixed(1)} ${{ 1e12: 'TB', 1e9: 'GB', 1e6: 'MB', 1e3: 'kB' }[step]!}`
}
