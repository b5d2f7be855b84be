import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import fc from 'fast-check'
import { ipv4, parseAddress, prefixContains, type Address } from '@sallyport/net'
import { decide, definePolicy, type Flow } from '@sallyport/policy'
import { allNetworkNames, embeddedAddress, networkNames, openGeography, openWorld } from '../../src/index.ts'
import { writeMmdb } from './write-mmdb.ts'

const directory = mkdtempSync(join(tmpdir(), 'sallyport-geo-'))
after(() => rmSync(directory, { recursive: true }))

const at = (text: string): Address => parseAddress(text)!
const sixToFour = ({ words }: Address): Address => {
  return { words: [(0x20020000 | (words[3] >>> 16)) >>> 0, ((words[3] & 0xffff) << 16) >>> 0, 0, 1] }
}

test('6to4 and Teredo addresses have an IPv4 address inside (vectors of RFC 3056 and RFC 4380)', () => {
  assert.deepEqual(embeddedAddress(at('2002:c000:204::1')), { kind: '6to4', address: at('192.0.2.4') })
  assert.deepEqual(embeddedAddress(at('2001:0:4136:e378:8000:63bf:3fff:fdd2')), {
    kind: 'teredo',
    address: at('192.0.2.45'),
  })
  assert.equal(embeddedAddress(at('2001:db8::1')), null)
  assert.equal(embeddedAddress(at('192.0.2.4')), null)
})

test('for every form of an address, the country found is the one whose prefixes hold it', async () => {
  const world = await openWorld()
  const holding = new Map<string, readonly ReturnType<typeof world.countryPrefixes>[number][]>()
  const prefixesOf = (code: string) => {
    if (!holding.has(code)) holding.set(code, world.countryPrefixes(code))
    return holding.get(code)!
  }
  const small = ['KP', 'LI', 'MC', 'SM', 'VA', 'IS']
  const addresses = fc.oneof(
    fc.constantFrom(
      ...small.flatMap((code) =>
        world
          .countryPrefixes(code)
          .slice(0, 20)
          .map(({ address }) => address),
      ),
    ),
    fc.integer({ min: 0, max: 0xffffffff }).map((value) => ipv4(value)),
  )
  fc.assert(
    fc.property(addresses, fc.boolean(), (address, isTunnelled) => {
      const asked = isTunnelled && address.words[2] === 0xffff ? sixToFour(address) : address
      const country = world.country(asked)
      assert.equal(country, world.country(address))
      for (const code of small) {
        assert.equal(
          prefixesOf(code).some((prefix) => prefixContains(prefix, asked)),
          country === code,
          code,
        )
      }
    }),
    { numRuns: 300 },
  )
})

test('rules by country, continent and network decide by the address, in each of its forms', async () => {
  const world = await openWorld()
  const layer = definePolicy({
    sallyport: 1,
    name: 'geo',
    rules: [
      { id: 'no-kp', action: 'deny', to: [{ country: 'KP' }] },
      { id: 'google', action: 'allow', to: [{ asn: 15169 }] },
      { id: 'europe', action: 'allow', to: [{ continent: 'EU' }] },
    ],
  })
  const rule = (text: string): string | null => {
    const flow: Flow = { dst: at(text), port: 443, transport: 'tcp', domain: null, boundNames: null, protocol: null }
    return decide({ layers: [layer] }, flow, world, 0).rule
  }
  assert.equal(rule('175.45.176.1'), 'no-kp')
  assert.equal(rule('2002:af2d:b001::1'), 'no-kp')
  assert.equal(rule('64:ff9b::175.45.176.1'), 'no-kp')
  assert.equal(rule('8.8.8.8'), 'google')
  assert.equal(rule('2002:808:808::'), 'google')
  assert.equal(rule('2001:0:4136:e378:8000:63bf:f7f7:f7f7'), 'google')
  assert.equal(rule('2001:0:4136:e378:8000:63bf:50d2:4ffe'), 'no-kp')
  assert.equal(rule('193.99.144.80'), 'europe')
  assert.equal(rule('192.168.1.1'), null)
})

test('the first name of a network counts, without its quotes; lines that are none are passed over', async () => {
  const file = join(directory, 'names.csv')
  writeFileSync(
    file,
    '1.0.0.0,1.0.0.255,13335,"Cloudflare, Inc."\n\nx,y\n1.1.0.0,1.1.0.255,13335,Other\n2.0.0.0,2.0.0.255,64500,"A ""quoted"" name"\r\n3.0.0.0,3.0.0.255,7,é',
  )
  const all = [
    [13335, 'Cloudflare, Inc.'],
    [64500, 'A "quoted" name'],
    [7, 'é'],
  ] as const
  assert.deepEqual([...(await allNetworkNames([file]))], all)
  assert.deepEqual([...networkNames([file], new Set([7, 9]))], [[7, 'é']])
})

test('a MaxMind DB of the user takes the place of the default data; a broken one is told', () => {
  const record = { country: { iso_code: 'NO' } }
  writeFileSync(join(directory, 'country.mmdb'), writeMmdb([{ bits: '00001000', record }], 24, 4))
  const geography = openGeography([join(directory, 'none'), directory])
  assert.equal(geography.countries.find(at('8.8.8.8')), 'NO')
  assert.equal(geography.networks.find(at('8.8.8.8')), '15169')
  const [country, network] = geography.sources()
  assert.equal(country.title, 'Test')
  assert.match(network.attribution, /CC BY 4.0/)
  assert.ok(network.builtMs > Date.UTC(2026, 0))
  assert.equal(networkNames(network.files, new Set([15169])).get(15169), 'Google LLC')
  writeFileSync(join(directory, 'country.mmdb'), 'text')
  const told: string[] = []
  assert.equal(openGeography([directory], (text) => void told.push(text)).countries.find(at('8.8.8.8')), 'US')
  assert.match(
    told[0]!,
    /country\.mmdb: not a MaxMind DB, or a damaged one, and no lines of first,last,country; the default data is used/,
  )
})
