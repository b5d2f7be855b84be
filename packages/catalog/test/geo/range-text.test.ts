import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import fc from 'fast-check'
import { parseAddress, prefixContains } from '@sallyport/net'
import { openGeoFile, openGeography } from '../../src/index.ts'
import { readRangeText } from '../../src/geo/range-text.ts'

/** As Tor writes them; decimal numbers and IPv6, `??` where nobody knows. */
const IPV4 = `# This file has been converted, from one database, by a tool
# Generated: Thu, 25 Jun 2026 04:33:59 GMT
# Vendor:    IPFire Project
# License:   CC BY-SA 4.0
#
15726992,15726999,??
16777216,16777471,AU
16777472,16778239,CN
`
const IPV6 = `# Generated: Thu, 25 Jun 2026 04:33:59 GMT
2001::,2001:0:ffff:ffff:ffff:ffff:ffff:ffff,??
2001:200::,2001:200:134:ffff:ffff:ffff:ffff:ffff,JP
`

test('lines of ranges are a table of countries, with the day and whom to name', (context) => {
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-ranges-'))
  context.after(() => rmSync(folder, { recursive: true }))
  const [four, six] = [join(folder, 'geoip'), join(folder, 'geoip6')]
  writeFileSync(four, IPV4)
  writeFileSync(six, IPV6)
  const read = openGeoFile([four, six])
  assert.ok(read !== null && !('invalid' in read))
  assert.deepEqual([read.kind, read.form, read.attribution], ['country', 'csv', 'IPFire Project, CC BY-SA 4.0'])
  writeFileSync(join(folder, 'country.csv'), read.bytes)
  const { countries, sources } = openGeography([folder], assert.fail)
  for (const [address, country] of [
    ['1.0.0.255', 'AU'],
    ['1.0.1.0', 'CN'],
    ['2001:200:1::1', 'JP'],
    ['0.239.249.80', null],
    ['2002:100:1::', 'AU'],
    ['9.9.9.9', null],
  ] as const)
    assert.equal(countries.find(parseAddress(address)!), country, address)
  assert.ok(countries.prefixesOf('CN').some((prefix) => prefixContains(prefix, parseAddress('1.0.3.255')!)))
  assert.deepEqual(countries.prefixesOf('??'), [])
  assert.equal(sources()[0].title, 'ranges of countries of IPFire Project')
  assert.equal(new Date(sources()[0].builtMs).toISOString(), '2026-06-25T04:33:59.000Z')
})

test('a file of another kind is told', () => {
  for (const text of ['', 'hello', '<html>', '1.0.0.0,1.0.0.255,64500\n', 'a,b,DE\nc,d,DE\n1.0.0.0,1.0.0.1,DE\n'])
    assert.ok('invalid' in readRangeText([Buffer.from(text)], 0), text)
})

test('any bytes give a table or a reason', () => {
  const lines = fc.array(fc.constantFrom('1,2,DE', '1,2', '::,::1,FR', '9,1,??', '#x', ',,', '2,3,DE,x', '\r'), {
    maxLength: 20,
  })
  const bytes = fc.oneof(
    lines.map((all) => Buffer.from(all.join('\n'))),
    fc.uint8Array({ maxLength: 200 }).map((all) => Buffer.from(all)),
  )
  fc.assert(
    fc.property(bytes, (drawn) => {
      const read = readRangeText([drawn], 0)
      if (!('invalid' in read)) assert.ok([...read.table.rows()].every(({ value }) => /^[A-Z]{2}$/.test(value)))
    }),
    { numRuns: 500 },
  )
})
