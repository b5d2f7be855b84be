import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseAddress, prefixContains } from '@sallyport/net'
import { countriesOf, openWorld } from '../src/index.ts'

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
