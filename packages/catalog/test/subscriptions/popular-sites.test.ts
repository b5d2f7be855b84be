import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { gunzipSync } from 'node:zlib'
import { parseDomainName } from '@sallyport/net'
import { readPopularSites } from '../../src/index.ts'

const data = process.env['SALLYPORT_TEST_DATA']
const parts = readFileSync(new URL('../../data/popular-sites.txt', import.meta.url), 'utf8')
  .trim()
  .split('\n\n')
const [, linked, gathered] = parts.map((part) => part.split('\n').filter((line) => !line.startsWith('#')))

test('a thousand sites and more, each a name once, each part with its source', () => {
  const all = [...linked!, ...gathered!]
  assert.ok(all.length >= 1000 && all.length === new Set(all).size, `${all.length}`)
  for (const name of all) assert.equal(parseDomainName(name), name)
  assert.ok(parts.every((part) => part.startsWith('# ')))
  assert.ok(all.every((name) => readPopularSites().has(name)))
})

test(
  'what was gathered by hand is asked for much',
  { skip: data === undefined && 'SALLYPORT_TEST_DATA is not set' },
  () => {
    const list = gunzipSync(readFileSync(join(data!, 'ranges/cloudflare-top100k.txt.gz'))).toString('utf8')
    const asked = new Set(list.split('\n'))
    assert.deepEqual(
      gathered!.filter((name) => !asked.has(name)),
      [],
    )
  },
)
