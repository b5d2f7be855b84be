import { Command, Option } from 'commander'
import { TOP_BY, type TopBy, type TopRow } from '@sallyport/store'
import { addFlowSource, openFlowSource, type FlowSource } from '../input/flow-source.ts'
import { addFilterArgument, readFilter } from '../input/filter-argument.ts'
import { examples, jsonOption } from '../input/options.ts'
import { bytesText } from '../output/bytes-text.ts'
import { followTop } from '../output/follow-top.ts'
import { printJson, printLine } from '../output/print.ts'
import { printable, styled } from '../output/style.ts'
import { stopSignal } from '../stop-signal.ts'
import { parseCount } from './flows.ts'

type Options = FlowSource & {
  readonly by: TopBy
  readonly limit: number
  readonly follow?: boolean
  readonly json?: boolean
}

/** The screen of a terminal, which then begins at its top (ECMA-48, ED and CUP). */
const CLEAR = '\x1b[2J\x1b[H'

export function topCommand(): Command {
  return addFlowSource(addFilterArgument(new Command('top')))
    .description('the busiest destinations, applications, users, …')
    .addOption(new Option('--by <key>', 'what to count by').choices(TOP_BY).default('destination'))
    .option('--limit <count>', 'at most so many rows', parseCount, 20)
    .addOption(
      new Option('--follow', 'show them again whenever they have changed, until interrupted').conflicts(['flows']),
    )
    .addOption(jsonOption())
    .addHelpText(
      'after',
      examples(
        'sallyport top since:1d',
        'sallyport top --by app verdict:deny since:7d --json',
        'sallyport top --follow since:5m',
      ),
    )
    .action(async (filter: readonly string[], options: Options, command: Command) => {
      const parsed = readFilter(filter, command)
      using store = await openFlowSource(options)
      const { by, limit } = options
      if (options.follow !== true) {
        const rows = await store.top(by, parsed, limit)
        if (options.json === true) printJson({ by, rows })
        else printRows(by, rows)
        return
      }
      // A filter of the last minutes means other minutes with each look.
      const look = (): Promise<readonly TopRow[]> => store.top(by, readFilter(filter, command), limit)
      for await (const rows of followTop(store, look, stopSignal())) {
        if (options.json === true) printLine(JSON.stringify({ by, rows }))
        else {
          if (process.stdout.isTTY) process.stdout.write(CLEAR)
          printRows(by, rows)
        }
      }
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
