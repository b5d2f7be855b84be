import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { parseDomainName, suffixes, type DomainName } from '@sallyport/net'
import { readFeed, type Feed } from '../../src/index.ts'

const data = process.env['SALLYPORT_TEST_DATA']
const skip = data !== undefined && existsSync(join(data, 'feeds')) ? false : 'no SALLYPORT_TEST_DATA'

async function read(file: string): Promise<Feed> {
  const feed = await readFeed(join(data!, 'feeds', file))
  return 'invalid' in feed ? assert.fail(`${file}: ${feed.invalid}`) : feed
}

/** Membership by a set of names: the lists here cover all names below each, and have no exceptions. */
function membership(feed: Feed): (name: DomainName) => boolean {
  const names = new Set([...feed.domains].map((each) => each.name))
  assert.ok([...feed.domains].every(({ kind }) => kind === 'both'))
  assert.equal(feed.except.length, 0)
  return (name) => suffixes(name).some((suffix) => names.has(suffix))
}

const SIX = ['adblock.txt', 'dnsmasq.txt', 'domains.txt', 'hosts.txt', 'unbound.conf', 'wildcard.txt']

for (const [list, onlyExpanded] of [
  ['adaway', 0],
  // Eight names stand in the expanded files alone: their parents are in none of the other four.
  ['easylist', 8],
] as const) {
  test(
    `${list}: the same list in six formats, each told from its content, has the same verdict for every name`,
    { skip },
    async () => {
      const feeds = await Promise.all(SIX.map((file) => read(`formats/${list}.${file}.gz`)))
      assert.deepEqual(
        feeds.map(({ format, problems }) => `${format} ${problems.count}`),
        SIX.map((file) => `${file.split('.')[0]} 0`),
      )
      const members = feeds.map(membership)
      const all = new Set(feeds.flatMap(({ domains }) => [...domains].map(({ name }) => name)))
      const asked = [...all].flatMap((name) => [name, `never.seen.${name}` as DomainName, parseDomainName(`x${name}`)!])
      const different = asked.filter((name) => new Set(members.map((holds) => holds(name))).size > 1)
      const inExpanded = new Set([...feeds[2]!.domains, ...feeds[3]!.domains].map(({ name }) => name))
      const inOthers = feeds.filter((_, at) => at !== 2 && at !== 3).map(membership)
      const explained = [...inExpanded].filter((name) => !inOthers[0]!(name))
      assert.equal(explained.length, onlyExpanded)
      assert.deepEqual(
        different.filter((name) => !explained.some((each) => name === each || name === `never.seen.${each}`)),
        [],
      )
    },
  )
}

test('lists of a million names and of a quarter of a million endpoints are read whole', { skip }, async () => {
  const domains = await read('malware-domains.txt.gz')
  assert.deepEqual([domains.format, domains.domains.length], ['domains', 1_160_672])
  assert.deepEqual(Object.values(domains.problems.byReason).toSorted(), [38, 5])
  const endpoints = await read('malware-ip-port.txt.gz')
  assert.equal(endpoints.format, 'addresses')
  assert.ok(endpoints.prefixes.length > 100_000)
  assert.equal(endpoints.problems.count, 12)
  const counted = await read('ipsum.txt.gz')
  assert.deepEqual([counted.prefixes.length, counted.problems.count], [120_430, 0])
})
