import type { Command } from 'commander'
import { nearest, SallyportError } from '@sallyport/policy'
import { parseFilter, type FlowFilter } from '@sallyport/store'

/** A term that is turned round (`-domain:a.example`) looks like an option to commander, which is to leave it alone. */
export function addFilterArgument(command: Command): Command {
  return command
    .argument('[filter...]', 'domain:*.github.com -verdict:allow since:1h app:/usr/bin/*')
    .allowUnknownOption()
}

/** Throws `filter-invalid`, and `usage` for what can only be a misspelled option. */
export function readFilter(words: readonly string[], command: Command): FlowFilter {
  const option = words.find((word) => /^-(-|[^:]*$)/.test(word))
  if (option === undefined) return parseFilter(words, Date.now())
  const names = command.options.flatMap(({ long }) => long ?? [])
  const near = nearest(option, names)
  throw new SallyportError('usage', `unknown option '${option}'`, {
    remedy: near === null ? `See \`sallyport ${command.name()} --help\`.` : `Did you mean ${near}?`,
  })
}
