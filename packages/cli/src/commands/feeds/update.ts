import { Command } from 'commander'
import { isDue, updateSubscription, type Subscription, type UpdateContext, type Updated } from '@sallyport/catalog'
import { examples, jsonOption } from '../../input/options.ts'
import { note, printJson, printLine } from '../../output/print.ts'
import { printable } from '../../output/style.ts'
import { writing } from '../../output/write-errors.ts'
import type { Answer } from '../answer.ts'
import { feedFacts } from './feed-facts.ts'
import { policyFeeds, policyOption, storeOption, updateContext, type FeedsOptions } from './policy-feeds.ts'

type Options = FeedsOptions & { readonly due?: boolean }

export function updateCommand(answer: Answer): Command {
  return new Command('update')
    .description('fetch the feeds of a policy; what cannot be used leaves the copy in force')
    .argument('[name...]', 'only these feeds')
    .addOption(policyOption())
    .addOption(storeOption())
    .option('--due', 'only feeds whose refresh time has come')
    .addOption(jsonOption())
    .addHelpText(
      'after',
      examples('sallyport feeds update --policy policy.yaml', 'sallyport feeds update malware --policy policy.yaml'),
    )
    .action(async (names: readonly string[], options: Options) => {
      const feeds = await policyFeeds(options, names)
      const context = updateContext(options)
      const results: { readonly feed: Subscription; readonly updated: Updated }[] = []
      for (const feed of await chosen(feeds, context, options.due === true)) {
        if (process.stderr.isTTY) note(`${feed.name}: ${printable(feed.source.url ?? feed.source.file ?? '')}`)
        const updated = await writing(updateSubscription(feed, context))
        results.push({ feed, updated })
        if (options.json !== true) printLine(describe(updated))
      }
      if (options.json === true) {
        printJson(
          results.map(({ feed, updated: { outcome, reason, state } }) => ({
            outcome,
            reason,
            ...feedFacts(feed, state),
          })),
        )
      }
      answer(results.every(({ updated }) => ['updated', 'unchanged'].includes(updated.outcome)) ? 0 : 1)
    })
}

async function chosen(
  feeds: readonly Subscription[],
  { store, nowMs }: UpdateContext,
  onlyDue: boolean,
): Promise<readonly Subscription[]> {
  if (!onlyDue) return feeds
  const due = await Promise.all(feeds.map(async (feed) => isDue(feed, await store.state(feed), nowMs)))
  return feeds.filter((_, at) => due[at])
}

function describe({ name, outcome, reason, state: { current } }: Updated): string {
  const inForce = current === null ? 'nothing is in force' : `${current.entries} entries in force`
  switch (outcome) {
    case 'failed':
      return `${name}: failed: ${printable(reason ?? '')}; ${inForce}`
    case 'held':
      return `${name}: held back, because it ${reason}; ${inForce}; take it with sallyport feeds accept ${name}`
    case 'unchanged':
      return `${name}: unchanged; ${inForce}`
    case 'updated':
      return `${name}: updated; ${inForce}${extras(current!.problems.count, current!.quarantine.count)}`
  }
}

function extras(unusable: number, keptOut: number): string {
  const parts = [
    ...(unusable > 0 ? [`${unusable} lines could not be used`] : []),
    ...(keptOut > 0 ? [`${keptOut} entries are kept out`] : []),
  ]
  return parts.map((part) => `; ${part}`).join('')
}
