import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { parseDomainName } from '@sallyport/net'
import { FEED_FORMATS } from '@sallyport/policy'
import { parseFeed } from '../../src/index.ts'
import { DomainList } from '../../src/feeds/domain-list.ts'
import { NOW } from './feed-of.ts'
import { fuzzFeeds } from './fuzz-feeds.ts'
import { requireSound } from './sound-feed.ts'

const PIECES = [
  ...'||,@@||,^,$important,$badfilter,$denyallow=,$dnstype=~,|,*,*.,.,#,!,;,(,),",\',/,\\,[,],{,},:,=,-,_,\t,\r'.split(
    ',',
  ),
  ...'address=/ server=/ local-zone: local-data: CNAME SOA rpz-ip zz $ORIGIN $TTL 0.0.0.0 ::1 192.0.2.1 2001:db8::/32'.split(
    ' ',
  ),
  ...'example.com a.b xn--a ü 999 "objects":[ "list":[ "type":"indicator" "pattern": domain-name:value IN AND OR'.split(
    ' ',
  ),
  '\n',
  ' ',
  ',',
  '\u0000',
  '\ufeff',
]
/** Lists that readers take, with a piece cut out and another put in. */
const damaged: fc.Arbitrary<Uint8Array> = fc
  .tuple(
    fc.constantFrom(...fuzzFeeds.corpus()),
    fc.nat(),
    fc.nat(40),
    fc.constantFrom(...PIECES),
    fc.uint8Array({ maxLength: 4 }),
  )
  .map(([list, at, cut, piece, octets]) => {
    const from = at % list.length
    return Buffer.concat([list.subarray(0, from), Buffer.from(piece), octets, list.subarray(from + cut)])
  })
const documents: fc.Arbitrary<Uint8Array> = fc.oneof(
  fc.uint8Array({ maxLength: 400 }),
  fc.array(fc.constantFrom(...PIECES), { maxLength: 80 }).map((pieces) => Buffer.from(pieces.join(''))),
  fc.json().map((text) => Buffer.from(text)),
  damaged,
)
const numRuns = Number(process.env['SALLYPORT_FUZZ_RUNS'] ?? 3000)

test('bytes of any kind, under any format, give a feed or a reason, never an exception', async () => {
  const choice = fc.record(
    {
      format: fc.constantFrom(...FEED_FORMATS),
      column: fc.oneof(fc.constant('host'), fc.nat(3)),
      kind: fc.constantFrom('domains' as const, 'addresses' as const),
    },
    { requiredKeys: [] },
  )
  await fc.assert(
    fc.asyncProperty(documents, choice, async (bytes, chosen) => {
      const feed = parseFeed(bytes, chosen, NOW)
      requireSound(feed)
    }),
    { numRuns },
  )
})

test('the quick reading of a name takes nothing that the slow one refuses or reads otherwise', () => {
  const text = fc.oneof(
    fc.domain(),
    fc
      .array(fc.constantFrom('a', 'B', '-', '.', '_', '1', '0x', 'ü', ' ', 'x'.repeat(62)), { maxLength: 12 })
      .map((all) => all.join('')),
  )
  fc.assert(
    fc.property(text, fc.nat(3), fc.nat(3), (name, before, after) => {
      const list = new DomainList()
      const line = `${'#'.repeat(before)}${name}${'#'.repeat(after)}`
      if (list.addText('both', line, before, before + name.length)) {
        assert.deepEqual([...list], [{ kind: 'both', name: parseDomainName(name) }])
      } else assert.equal(list.length, 0)
    }),
    { numRuns },
  )
})
