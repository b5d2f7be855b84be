import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { parseAddress, parseDomainPattern, prefixContains } from '@sallyport/net'
import { countriesOf, openWorld, readFeed, SERVICES } from '../src/index.ts'

test('every service pattern parses, and none covers a whole top-level domain', () => {
  for (const [id, { domains, source }] of Object.entries(SERVICES)) {
    assert.match(source, /^https:\/\//)
    for (const text of domains) {
      const pattern = parseDomainPattern(text)
      assert.ok(pattern, `${id}: ${text}`)
      assert.ok(pattern.name.includes('.'), `${id}: ${text}`)
    }
  }
})

test('a country look-up and the list of its prefixes agree', async () => {
  const world = await openWorld()
  for (const text of ['8.8.8.8', '193.99.144.80', '2001:4860:4860::8888']) {
    const address = parseAddress(text)!
    const country = world.country(address)
    assert.ok(country, text)
    assert.ok(
      world.countryPrefixes(country).some((prefix) => prefixContains(prefix, address)),
      `${text} in ${country}`,
    )
  }
  assert.equal(world.asn(parseAddress('8.8.8.8')!), 15169)
  assert.ok(world.asnPrefixes(15169).some((prefix) => prefixContains(prefix, parseAddress('8.8.8.8')!)))
  assert.equal(world.country(parseAddress('192.168.0.1')!), null)
})

test('a country is on one continent', () => {
  const all = ['AF', 'AN', 'AS', 'EU', 'NA', 'OC', 'SA'].flatMap(countriesOf)
  assert.equal(new Set(all).size, all.length)
})

test('a feed keeps what it can use and says why it cannot use the rest', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'sallyport-feed-'))
  try {
    const file = join(folder, 'feed.txt')
    await writeFile(
      file,
      '# comment\nevil.example\n0.0.0.0 ads.example\n192.0.2.0/24\n198.51.100.7:8080\nnot a!name\n300.1.1.1\n',
    )
    const feed = await readFeed(file)
    assert.deepEqual(
      feed.domains.map(({ name }) => name),
      ['evil.example', 'ads.example'],
    )
    assert.equal(feed.prefixes.length, 2)
    assert.ok(feed.skipped.some(({ line }) => line === 7))
  } finally {
    await rm(folder, { recursive: true })
  }
})

const data = process.env['SALLYPORT_TEST_DATA']
const malware = data === undefined ? '' : join(data, 'feeds/malware-domains.txt.gz')
test('a million domains are read', { skip: existsSync(malware) ? false : 'no SALLYPORT_TEST_DATA' }, async () => {
  const feed = await readFeed(malware)
  assert.ok(feed.domains.length > 1_000_000)
  assert.ok(feed.skippedCount < feed.domains.length / 100)
})
