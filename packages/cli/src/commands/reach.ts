import { Command } from 'commander'
import { reach, type ReachRow } from '@sallyport/compile'
import { flowFacts } from '@sallyport/policy'
import { atOption, examples, feedOption, jsonOption } from '../input/options.ts'
import { readPolicy } from '../input/policy-files.ts'
import { parseDestination, parseSubject } from '../input/reach-query.ts'
import { parseTime } from '../input/time.ts'
import { readWorld } from '../input/world.ts'
import { printJson, printLine } from '../output/print.ts'
import { printable } from '../output/style.ts'
import type { Answer } from './answer.ts'

type Options = {
  readonly from?: string
  readonly to?: string
  readonly json?: boolean
  readonly at?: string
  readonly feed: readonly string[]
}

export function reachCommand(answer: Answer): Command {
  return new Command('reach')
    .description('who can reach what')
    .argument('<policy...>', 'policy files, each a layer')
    .option('--from <subject>', 'a subject: user=NAME, group=NAME, app=PATH, unit=NAME …, several joined by commas')
    .option('--to <destination>', 'a destination: domain, address, URL or host:port')
    .addOption(jsonOption())
    .addOption(atOption())
    .addOption(feedOption())
    .addHelpText(
      'after',
      examples('sallyport reach policy.yaml --from user=backup', 'sallyport reach policy.yaml --to github.com:443'),
    )
    .action(async (files: readonly string[], options: Options) => {
      const policy = await readPolicy(files)
      const world = await readWorld(options.feed, policy)
      const facts = { ...parseSubject(options.from ?? ''), ...parseDestination(options.to) }
      const rows = reach(policy, world, parseTime(options.at), { facts })
      if (options.json === true) printJson({ rows: rows.map((row) => ({ ...row, witness: flowFacts(row.witness) })) })
      else printRows(rows)
      answer(0)
    })
}

function printRows(rows: readonly ReachRow[]): void {
  if (rows.length === 0) return printLine('nothing')
  for (const { rule, description, verdict } of rows) {
    const watched = verdict.verdict === 'allow' ? '' : ' (monitor only)'
    printLine(printable(`${rule ?? 'default'}${watched}: ${description}`))
  }
}
