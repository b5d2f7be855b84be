import { Command } from 'commander'
import { examples, jsonOption } from '../../input/options.ts'
import { printJson, printLine } from '../../output/print.ts'
import { printable } from '../../output/style.ts'
import { tableLines } from '../../output/table.ts'
import type { Answer } from '../answer.ts'
import { ago, feedFacts, type FeedFacts } from './feed-facts.ts'
import { feedStore, policyFeeds, policyOption, storeOption, type FeedsOptions } from './policy-feeds.ts'

export function listCommand(answer: Answer): Command {
  return new Command('list')
    .description('the feeds of a policy: what is in force, how old it is, what is wrong')
    .addOption(policyOption())
    .addOption(storeOption())
    .addOption(jsonOption())
    .addHelpText('after', examples('sallyport feeds list --policy policy.yaml'))
    .action(async (options: FeedsOptions) => {
      const store = feedStore(options)
      const feeds = await policyFeeds(options)
      const facts = await Promise.all(feeds.map(async (feed) => feedFacts(feed, await store.state(feed))))
      if (options.json === true) printJson(facts)
      else printTable(facts)
      answer(0)
    })
}

function printTable(feeds: readonly FeedFacts[]): void {
  if (feeds.length === 0) return printLine('The policy has no feeds.')
  const rows = feeds.map((feed) => [
    feed.name,
    feed.state,
    feed.format ?? '-',
    feed.entries,
    feed.problems,
    feed.keptOut,
    ago(feed.fetched, Date.now()),
    printable(feed.source),
  ])
  const heads = ['NAME', 'STATE', 'FORMAT', 'ENTRIES', 'UNUSABLE', 'KEPT OUT', 'FETCHED', 'SOURCE']
  for (const line of tableLines(heads, rows)) printLine(line)
  for (const { name, held, failure } of feeds) {
    if (held !== null) printLine(`${name}: a new copy waits: it ${held.reason}; see sallyport feeds accept`)
    if (failure !== null) printLine(`${name}: the last update failed: ${printable(failure)}`)
  }
}
