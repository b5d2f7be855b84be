import assert from 'node:assert/strict'
import { parseDomainName } from '@sallyport/net'
import type { Feed, InvalidFeed } from '../../src/index.ts'

/** What must hold of a feed whatever it was read from. */
export function requireSound(feed: Feed | InvalidFeed): void {
  if ('invalid' in feed) return void assert.notEqual(feed.invalid, '')
  for (const { domains, except } of [feed, ...feed.byQueryType.values()])
    for (const { name } of [...domains, ...except]) assert.equal(parseDomainName(name), name)
  for (const { address, length } of feed.prefixes) {
    assert.ok(Number.isInteger(length) && length >= 0 && length <= 128)
    for (const word of address.words) assert.equal(word, word >>> 0)
  }
  assert.ok(feed.problems.shown.length <= 100)
  assert.ok(feed.problems.shown.every(({ line, reason, text }) => line >= 1 && reason !== '' && text.length <= 120))
}
