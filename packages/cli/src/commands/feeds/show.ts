import { Command } from 'commander'
import type { FeedCopy, FeedState } from '@sallyport/catalog'
import { examples, jsonOption } from '../../input/options.ts'
import { printJson, printLine } from '../../output/print.ts'
import { printable, styled } from '../../output/style.ts'
import type { Answer } from '../answer.ts'
import { ago, feedFacts } from './feed-facts.ts'
import { feedStore, policyFeeds, policyOption, storeOption, type FeedsOptions } from './policy-feeds.ts'

const SHOWN = 20

export function showCommand(answer: Answer): Command {
  return new Command('show')
    .description('one feed: the lines that could not be used, the entries that are kept out, the copy that waits')
    .argument('<name>', 'the feed')
    .addOption(policyOption())
    .addOption(storeOption())
    .addOption(jsonOption())
    .addHelpText('after', examples('sallyport feeds show malware --policy policy.yaml'))
    .action(async (name: string, options: FeedsOptions) => {
      const [feed] = await policyFeeds(options, [name])
      const state = await feedStore(options).state(feed!)
      const facts = feedFacts(feed!, state)
      if (options.json === true) {
        const { problems, quarantine } = state.current ?? { problems: null, quarantine: null }
        printJson({ ...facts, lines: problems, quarantine, released: state.released })
      } else {
        printLine(`${styled('bold', name)}  ${facts.state}  ${printable(facts.source)}`)
        printLine(`  checked ${ago(facts.checked, Date.now())}, fetched ${ago(facts.fetched, Date.now())}`)
        if (facts.failure !== null) printLine(`  the last update failed: ${printable(facts.failure)}`)
        if (facts.held !== null)
          printLine(`  a new copy of ${facts.held.entries} entries waits: it ${facts.held.reason}`)
        if (state.current !== null) printCopy(state.current, state)
      }
      answer(0)
    })
}

function printCopy({ format, entries, sha256, problems, quarantine }: FeedCopy, { released }: FeedState): void {
  printLine(`  ${entries} entries in force, ${format}, sha256 ${sha256}`)
  if (problems.count > 0) printLine(`  ${problems.count} lines could not be used`)
  for (const [reason, count] of Object.entries(problems.byReason)) printLine(`    ${count} × ${printable(reason)}`)
  for (const { line, reason, text } of problems.shown.slice(0, SHOWN)) {
    printLine(`    line ${line}: ${printable(reason)}: ${printable(text)}`)
  }
  if (problems.count > SHOWN) printLine('    … more with --json')
  if (quarantine.count > 0) printLine(`  ${quarantine.count} entries are kept out`)
  for (const { entry, reason } of quarantine.shown.slice(0, SHOWN)) printLine(`    ${entry}: ${reason}`)
  if (quarantine.count > SHOWN) printLine('    … more with --json')
  if (released.length > 0) printLine(`  let in by hand: ${released.join(' ')}`)
}
