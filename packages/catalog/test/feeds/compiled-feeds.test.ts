import assert from 'node:assert/strict'
import { mkdtempSync, readdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import fc from 'fast-check'
import { parseFeed, type Feed } from '../../src/index.ts'
import { CompiledFeeds } from '../../src/feeds/compiled/compiled-feeds.ts'
import { openCompiled, writeCompiled } from '../../src/feeds/compiled/compiled-file.ts'
import { feedOf, NOW, said } from './feed-of.ts'

const directory = mkdtempSync(join(tmpdir(), 'sallyport-compiled-'))
after(() => rmSync(directory, { recursive: true }))

const label = fc.constantFrom('a', 'b', 'xn--tda', '_c', 'd-1')
const name = fc.array(label, { minLength: 2, maxLength: 5 }).map((labels) => labels.join('.'))
const line = fc.oneof(
  name.map((each) => `||${each}^`),
  name.map((each) => `@@|${each}^`),
  name.map((each) => `||${each}^$dnstype=AAAA`),
  name.map((each) => `||*.${each}^$important`),
  fc.ipV4().map((each) => `||${each}^`),
  fc.ipV6().map((each) => `||[${each}]^`),
  fc.constant('##.banner'),
)
const manyLines = Array.from({ length: 25_000 }, (_, at) => `n${at}.example`).join('\n')

test('a feed that was kept says what it said when it was read', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(line, { minLength: 1, maxLength: 30 }), async (lines) => {
      const feed = feedOf(lines.join('\n'), { format: 'adblock' })
      const path = join(directory, 'one.feed')
      await writeCompiled(path, feed)
      assert.deepEqual(said(openCompiled(path)!), said(feed))
    }),
    { numRuns: 60 },
  )
})

test('a kept feed with an octet changed, or an end cut off, is none', async () => {
  const path = join(directory, 'damaged.feed')
  await writeCompiled(path, feedOf('a.example\nb.example\n192.0.2.1\n', { format: 'domains' }))
  const whole = readFileSync(path)
  await fc.assert(
    fc.asyncProperty(fc.nat(whole.length - 1), fc.integer({ min: 1, max: 255 }), async (at, change) => {
      const damaged = Buffer.from(whole)
      damaged[at]! ^= change
      writeFileSync(path, damaged)
      assert.equal(openCompiled(path), null)
      writeFileSync(path, whole.subarray(0, at))
      assert.equal(openCompiled(path), null)
    }),
    { numRuns: 200 },
  )
})

test('a large feed is read once for each source; what is damaged or gone is read again', async () => {
  const own = join(directory, 'own')
  const compiled = new CompiledFeeds(own)
  let reads = 0
  const get = (source: string): Promise<Feed> =>
    compiled.get([source], NOW, () => {
      reads++
      return parseFeed(Buffer.from(manyLines), {}, NOW)
    }) as Promise<Feed>
  const first = await get('one')
  assert.deepEqual([(await get('one')).domains.length, reads], [25_000, 1])
  await get('another')
  assert.equal(reads, 2)
  for (const file of readdirSync(own)) {
    rmSync(join(own, file))
    writeFileSync(join(own, file), 'SPFEED01')
  }
  assert.deepEqual([(await get('one')).domains.length, reads], [25_000, 3])
  rmSync(own, { recursive: true })
  assert.equal([...first.domains].length, 25_000, 'a file that was removed stays readable for who holds it')
  assert.deepEqual([(await get('one')).domains.length, reads], [25_000, 4])
})

test('small feeds, and those whose entries cease to hold by themselves, are not kept', async () => {
  const own = join(directory, 'none')
  const indicator = (at: number): object => ({
    type: 'indicator',
    id: `indicator--${at}`,
    pattern_type: 'stix',
    pattern: `[domain-name:value = 'n${at}.example']`,
    valid_from: '2020-01-01T00:00:00Z',
  })
  const stix = JSON.stringify(Array.from({ length: 20_001 }, (_, at) => indicator(at)))
  for (const text of ['a.example\n', stix]) {
    const feed = await new CompiledFeeds(own).get([text.length], NOW, () => parseFeed(Buffer.from(text), {}, NOW))
    assert.ok(!('invalid' in feed) && feed.domains.length > 0)
  }
  assert.throws(() => readdirSync(own), /ENOENT/)
})

test('a place that cannot be written costs the copy alone, and copies that nobody uses are removed', async () => {
  const read = (): ReturnType<typeof parseFeed> => parseFeed(Buffer.from(manyLines), {}, NOW)
  const file = join(directory, 'file')
  writeFileSync(file, '')
  const feed = await new CompiledFeeds(join(file, 'below')).get(['one'], NOW, read)
  assert.ok(!('invalid' in feed) && feed.domains.length === 25_000)
  const own = join(directory, 'swept')
  await new CompiledFeeds(own).get(['one'], NOW, read)
  const [kept] = readdirSync(own)
  utimesSync(join(own, kept!), 0, 0)
  await new CompiledFeeds(own).get(['another'], Date.now(), read)
  assert.ok(readdirSync(own).length === 1 && !readdirSync(own).includes(kept!))
})
