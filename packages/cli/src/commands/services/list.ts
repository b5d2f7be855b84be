import { Command } from 'commander'
import { examples, jsonOption } from '../../input/options.ts'
import { printJson, printLine } from '../../output/print.ts'
import { tableLines } from '../../output/table.ts'
import type { Answer } from '../answer.ts'
import { catalogueEntries, counted, type Entry } from './catalogue.ts'

type Options = { readonly all?: boolean; readonly json?: boolean }

export function servicesListCommand(answer: Answer): Command {
  return new Command('list')
    .description('services and categories that a policy may name')
    .option('--all', 'with the regions and products of clouds, which services update brings')
    .addOption(jsonOption())
    .addHelpText('after', examples('sallyport services list', 'sallyport services list --all --json | jq -r .[].name'))
    .action(async (options: Options) => {
      const entries = (await catalogueEntries()).filter(({ name }) => options.all === true || !name.includes(':'))
      if (options.json === true) printJson(entries.map(summary))
      else {
        const rows = entries.map((each) => [
          each.name,
          each.kind,
          counted(each).domains,
          counted(each).prefixes,
          each.title,
        ])
        for (const line of tableLines(['NAME', 'KIND', 'NAMES', 'RANGES', 'TITLE'], rows)) printLine(line)
      }
      answer(0)
    })
}

function summary(entry: Entry): object {
  return { name: entry.name, kind: entry.kind, title: entry.title, ...counted(entry) }
}
