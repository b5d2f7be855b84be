import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import fc from 'fast-check'
import { formatAddress, ipv4, parseAddress, prefixContains, type Address, prefixesOfRange } from '@sallyport/net'
import { readKeptRangeTable } from '../../src/geo/compiled-ranges.ts'
import type { RangeTable } from '../../src/geo/range-table.ts'

const directory = mkdtempSync(join(tmpdir(), 'sallyport-ranges-'))
after(() => rmSync(directory, { recursive: true }))

function tableOf(content: string | Uint8Array): RangeTable {
  const path = join(directory, 'ranges.csv')
  writeFileSync(path, content)
  return readKeptRangeTable([path], null)
}

type Row = { readonly start: number; readonly end: number; readonly value: string }
type Place = (at: number) => Address

const asIpv4: Place = (at) => ipv4(at)
const asIpv6: Place = (at) => ({ words: [0x20010db8, at >>> 16, 0xffffffff, ((at & 0xffff) << 8) >>> 0] })

/** Disjoint ranges in any order: bounds drawn, sorted and paired. */
const rowsArbitrary: fc.Arbitrary<readonly Row[]> = fc
  .uniqueArray(fc.integer({ min: 0, max: 2000 }), { maxLength: 40 })
  .chain((bounds) => {
    const sorted = bounds.toSorted((a, b) => a - b)
    const pairs = Array.from({ length: sorted.length >> 1 }, (_, i) => [sorted[i * 2]!, sorted[i * 2 + 1]!] as const)
    return fc
      .array(fc.constantFrom('DE', 'FR', 'US'), { minLength: pairs.length, maxLength: pairs.length })
      .map((values) => pairs.map(([start, end], i) => ({ start, end, value: values[i]! })))
  })
  .chain((rows) => fc.shuffledSubarray([...rows], { minLength: rows.length }))

for (const [family, place] of [
  ['IPv4', asIpv4],
  ['IPv6', asIpv6],
] as const) {
  test(`${family}: an address has the value of the range that a search of every row finds`, () => {
    fc.assert(
      fc.property(rowsArbitrary, fc.array(fc.integer({ min: 0, max: 2001 }), { maxLength: 60 }), (rows, asked) => {
        const lines = rows.map(
          ({ start, end, value }) => `${formatAddress(place(start))},${formatAddress(place(end))},${value},"a, b"`,
        )
        const table = tableOf(lines.join('\n'))
        for (const at of [...asked, ...rows.flatMap(({ start, end }) => [start, end, end + 1])]) {
          const expected = rows.find(({ start, end }) => start <= at && at <= end)?.value ?? null
          assert.equal(table.find(place(at)), expected)
          const holding = ['DE', 'FR', 'US'].filter((value) =>
            table.prefixesOf(value).some((prefix) => prefixContains(prefix, place(at))),
          )
          assert.deepEqual(holding, expected === null ? [] : [expected])
        }
      }),
      { numRuns: 60 },
    )
  })
}

test('the prefixes of a range are the fewest', () => {
  const words = (text: string): Address['words'] => parseAddress(text)!.words
  const lengths = (from: string, to: string): readonly number[] =>
    prefixesOfRange(words(from), words(to)).map(({ length }) => length)
  assert.deepEqual(lengths('0.0.0.0', '255.255.255.255'), [96])
  assert.deepEqual(lengths('192.0.2.1', '192.0.2.6'), [128, 127, 127, 128])
  assert.deepEqual(lengths('255.255.255.255', '255.255.255.255'), [128])
  assert.deepEqual(lengths('2001:db8::', '2001:db8:ffff:ffff:ffff:ffff:ffff:ffff'), [32])
})

test('a start or end in any spelling is the address it denotes, and a line without two addresses is no row', () => {
  const table = tableOf(
    [
      '010.0.0.0,10.0.0.255,A',
      '8.8.8.0,8.8.8.255,B\r',
      '1.2.3.,1.2.3.9,C',
      '1..2.3,1.2.3.9,C',
      '256.1.1.1,256.1.1.2,C',
      '1.2.3.4,1.2.3.9,',
      '1.2.3.4,1.2.3.9',
      ',,',
      '',
      '::ffff:9.9.9.0,64:ff9b::909:9ff,D',
    ].join('\n'),
  )
  const at = (text: string): string | null => table.find(parseAddress(text)!)
  assert.equal(at('8.0.0.1'), 'A')
  assert.equal(at('8.8.8.8'), 'B')
  assert.equal(at('9.9.9.9'), 'D')
  assert.equal(at('1.2.3.4'), null)
  assert.deepEqual(table.prefixesOf('C'), [])
})

test('bytes of any kind give a table, never an exception', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), fc.constantFrom('', '1.0.0.0,1.0.0.255,'), (bytes, head) => {
      const table = tableOf(Buffer.concat([Buffer.from(head), bytes]))
      assert.doesNotThrow(() => table.find(ipv4(0x01000001)))
    }),
    { numRuns: 200 },
  )
})
