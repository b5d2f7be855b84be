import { Command } from 'commander'
import {
  isPrefix,
  matchDomain,
  parseAddress,
  parseDomainName,
  parseDomainPattern,
  parsePrefix,
  prefixContains,
} from '@sallyport/net'
import type { Address, DomainName } from '@sallyport/net'
import { SallyportError } from '@sallyport/policy'
import { examples, jsonOption } from '../../input/options.ts'
import { printJson, printLine } from '../../output/print.ts'
import type { Answer } from '../answer.ts'
import { catalogueEntries, type Entry } from './catalogue.ts'

type Found = { readonly name: string; readonly kind: string; readonly entry: string; readonly source: string }

export function servicesFindCommand(answer: Answer): Command {
  return new Command('find')
    .description('services and categories that a name or an address belongs to')
    .argument('<destination>', 'a name or an address')
    .addOption(jsonOption())
    .addHelpText(
      'after',
      examples('sallyport services find login.microsoftonline.com', 'sallyport services find 140.82.121.4'),
    )
    .action(async (text: string, options: { readonly json?: boolean }) => {
      const wanted = parseAddress(text) ?? parseDomainName(text)
      if (wanted === null) throw new SallyportError('target-invalid', `${text} is neither a name nor an address`)
      const found = (await catalogueEntries()).flatMap((entry) => holding(entry, wanted))
      if (options.json === true) printJson(found)
      else for (const { name, kind, entry, source } of found) printLine(`${name}  ${kind}  ${entry}  ${source}`)
      if (options.json !== true && found.length === 0) printLine('in no service or category')
      answer(found.length > 0 ? 0 : 1)
    })
}

function holding({ name, kind, facts }: Entry, wanted: Address | DomainName): readonly Found[] {
  return facts.flatMap(({ domains, prefixes, source }) => {
    const entries =
      typeof wanted === 'string'
        ? domains.filter((text) => holdsName(text, wanted))
        : prefixes.filter((text) => holdsAddress(text, wanted))
    return entries.map((entry) => ({ name, kind, entry, source }))
  })
}

function holdsName(text: string, wanted: DomainName): boolean {
  const pattern = parseDomainPattern(text)
  return pattern !== null && matchDomain(pattern, wanted)
}

function holdsAddress(text: string, wanted: Address): boolean {
  const prefix = parsePrefix(text)
  return isPrefix(prefix) && prefixContains(prefix, wanted)
}
