import { Command } from 'commander'
import { examples, jsonOption } from '../../input/options.ts'
import { printJson, printLine } from '../../output/print.ts'
import { styled } from '../../output/style.ts'
import type { Answer } from '../answer.ts'
import { entriesNamed, type Entry } from './catalogue.ts'

export function servicesShowCommand(answer: Answer): Command {
  return new Command('show')
    .description('names, ranges and ports of a service or category, each with its source')
    .argument('<name>', 'the service or category')
    .addOption(jsonOption())
    .addHelpText(
      'after',
      examples('sallyport services show microsoft-365', 'sallyport services show dns-over-https --json'),
    )
    .action(async (name: string, options: { readonly json?: boolean }) => {
      const entries = await entriesNamed(name)
      if (options.json === true) printJson(entries.map(described))
      else entries.forEach(print)
      answer(0)
    })
}

function described({ name, kind, title, facts }: Entry): object {
  return {
    name,
    kind,
    title,
    facts: facts.map(({ source, domains, prefixes, ports, fetchedMs }) => {
      return {
        source,
        fetched: fetchedMs === null ? null : new Date(fetchedMs).toISOString(),
        domains,
        prefixes,
        ports,
      }
    }),
  }
}

function print({ name, kind, title, facts }: Entry): void {
  printLine(`${styled('bold', name)}  ${kind}  ${title}`)
  for (const { source, domains, prefixes, ports, fetchedMs } of facts) {
    const day =
      fetchedMs === null ? 'comes with Sallyport' : `imported ${new Date(fetchedMs).toISOString().slice(0, 10)}`
    printLine(`  ${source} (${day})`)
    if (ports.length > 0) printLine(`    ports   ${ports.join(' ')}`)
    for (const domain of domains) printLine(`    name    ${domain}`)
    for (const prefix of prefixes) printLine(`    range   ${prefix}`)
  }
}
