import { Command } from 'commander'
import { acceptHeld, releaseEntries } from '@sallyport/catalog'
import { SallyportError } from '@sallyport/policy'
import { examples, jsonOption } from '../../input/options.ts'
import { printJson, printLine } from '../../output/print.ts'
import { writing } from '../../output/write-errors.ts'
import type { Answer } from '../answer.ts'
import { feedFacts } from './feed-facts.ts'
import { policyFeeds, policyOption, storeOption, updateContext, type FeedsOptions } from './policy-feeds.ts'

export function acceptCommand(answer: Answer): Command {
  return new Command('accept')
    .description('put a copy that was held back in force, or let entries in that are kept out')
    .argument('<name>', 'the feed')
    .argument('[entry...]', 'entries as `feeds show` writes them; without any, the copy that waits')
    .addOption(policyOption())
    .addOption(storeOption())
    .addOption(jsonOption())
    .addHelpText(
      'after',
      examples(
        'sallyport feeds accept malware --policy policy.yaml',
        'sallyport feeds accept malware .duckdns.org --policy policy.yaml',
      ),
    )
    .action(async (name: string, entries: readonly string[], options: FeedsOptions) => {
      const [feed] = await policyFeeds(options, [name])
      const context = updateContext(options)
      const work = entries.length === 0 ? acceptHeld(feed!, context) : releaseEntries(feed!, entries, context)
      const accepted = await writing(work)
      if ('refused' in accepted) {
        throw new SallyportError('name-unknown', `${name}: ${accepted.refused}`, {
          remedy: '`sallyport feeds show` lists what waits and what is kept out.',
        })
      }
      const facts = feedFacts(feed!, accepted.state)
      if (options.json === true) printJson(facts)
      else printLine(`${name}: ${facts.entries} entries in force; ${facts.keptOut} are kept out`)
      answer(0)
    })
}
