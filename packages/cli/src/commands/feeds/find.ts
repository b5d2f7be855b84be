import { Command } from 'commander'
import { feedInForce, findInFeed, readFeed, type Feed } from '@sallyport/catalog'
import { parseAddress, parseDomainName } from '@sallyport/net'
import { SallyportError } from '@sallyport/policy'
import { feedFiles, type FeedFile } from '../../input/feed-files.ts'
import { examples, feedOption, jsonOption } from '../../input/options.ts'
import { printJson, printLine } from '../../output/print.ts'
import type { Answer } from '../answer.ts'
import { feedStore, policyFeeds, policyOption, storeOption, type FeedsOptions } from './policy-feeds.ts'

type Options = FeedsOptions & { readonly feed: readonly string[] }

export function findCommand(answer: Answer): Command {
  return new Command('find')
    .description('which feeds hold a name or an address, and by which entry')
    .argument('<destination>', 'a name or an address')
    .addOption(policyOption())
    .addOption(feedOption())
    .addOption(storeOption())
    .addOption(jsonOption())
    .addHelpText(
      'after',
      examples(
        'sallyport feeds find ads.example.com --policy policy.yaml',
        'sallyport feeds find 192.0.2.7 --feed malware=ips.txt.gz',
      ),
    )
    .action(async (text: string, options: Options) => {
      const wanted = parseAddress(text) ?? parseDomainName(text)
      if (wanted === null) throw new SallyportError('target-invalid', `${text} is neither a name nor an address`)
      const files = await feedFiles(options.feed)
      const found: { readonly feed: string; readonly entry: string }[] = []
      for await (const [name, feed] of allFeeds(files, options)) {
        const entry = findInFeed(feed, wanted)
        if (entry !== null) found.push({ feed: name, entry })
      }
      if (options.json === true) printJson(found)
      else for (const { feed, entry } of found) printLine(`${feed}: ${entry}`)
      if (options.json !== true && found.length === 0) printLine('in no feed')
      answer(found.length > 0 ? 0 : 1)
    })
}

async function* allFeeds(files: readonly FeedFile[], options: Options): AsyncGenerator<readonly [string, Feed]> {
  for (const { name, file } of files) {
    const feed = await readFeed(file)
    if ('invalid' in feed) throw new SallyportError('feed-invalid', `feed ${name}: ${file}: ${feed.invalid}`)
    yield [name, feed]
  }
  if (options.policy.length === 0 && files.length > 0) return
  const store = feedStore(options)
  for (const subscription of await policyFeeds(options)) {
    const { feed } = await feedInForce(subscription, [store], Date.now())
    if (feed !== null) yield [subscription.name, feed]
  }
}
