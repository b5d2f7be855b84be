import { Command, InvalidArgumentError, Option } from 'commander'
import { guardEntries, readFeed, readPopularSites } from '@sallyport/catalog'
import { FEED_FORMATS, FEED_KINDS, SallyportError, type FeedFormat, type FeedKind } from '@sallyport/policy'
import { examples, jsonOption } from '../../input/options.ts'
import { fileError } from '../../input/read-text-file.ts'
import { printJson, printLine } from '../../output/print.ts'
import { printable } from '../../output/style.ts'
import type { Answer } from '../answer.ts'

type Options = {
  readonly format?: FeedFormat
  readonly column?: string | number
  readonly kind?: FeedKind
  readonly json?: boolean
}

const SHOWN = 20

export function inspectCommand(answer: Answer): Command {
  return new Command('inspect')
    .description(
      'what is in a list on disk: format, entries, lines that cannot be used, entries that would be kept out',
    )
    .argument('<file>', 'the list, packed with gzip or not')
    .addOption(new Option('--format <format>', 'instead of telling it from the content').choices(FEED_FORMATS))
    .addOption(new Option('--column <name>', 'of a CSV: name or number of the column').argParser(columnOf))
    .addOption(new Option('--kind <kind>', 'only entries of this kind').choices(FEED_KINDS))
    .addOption(jsonOption())
    .addHelpText(
      'after',
      examples('sallyport feeds inspect list.txt.gz', 'sallyport feeds inspect urls.csv --column host'),
    )
    .action(async (file: string, { json, ...choice }: Options) => {
      const read = await readFeed(file, choice).catch((error: unknown) => {
        throw fileError(file, error)
      })
      if ('invalid' in read) throw new SallyportError('feed-invalid', `${file}: ${read.invalid}`)
      const { feed, quarantine } = guardEntries(read, readPopularSites(), new Set())
      const { format, domains, except, prefixes, problems } = feed
      if (json === true) {
        printJson({
          format,
          domains: domains.length,
          exceptions: except.length,
          prefixes: prefixes.length,
          lines: problems,
          quarantine,
        })
        return answer(0)
      }
      printLine(`${format}: ${domains.length} names, ${except.length} exceptions, ${prefixes.length} prefixes`)
      printLine(`${problems.count} lines cannot be used`)
      for (const { line, reason, text } of problems.shown.slice(0, SHOWN)) {
        printLine(`  line ${line}: ${printable(reason)}: ${printable(text)}`)
      }
      printLine(`${quarantine.count} entries would be kept out of a subscription`)
      for (const { entry, reason } of quarantine.shown.slice(0, SHOWN)) printLine(`  ${entry}: ${reason}`)
      answer(0)
    })
}

function columnOf(text: string): string | number {
  if (text === '') throw new InvalidArgumentError('a name or a number')
  return /^[1-9]\d{0,3}$/.test(text) ? Number(text) : text
}
