import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseDomainName, type DomainName, type DomainPattern } from '@sallyport/net'
import { PACKED_KINDS, setHoldsName, type DomainPatterns } from '@sallyport/policy'
import fc from 'fast-check'
import { buildNameTable, openNameTable, type NameList } from '../src/tables/name-table.ts'

const label = fc.constantFrom('a', 'b', 'c-1', '_d', 'xn--e')
const name = fc.array(label, { minLength: 1, maxLength: 5 }).map((labels) => parseDomainName(labels.join('.'))!)
const pattern: fc.Arbitrary<DomainPattern> = fc.record({ kind: fc.constantFrom('name', 'below', 'both'), name })
/** As objects, which can be walked. */
type Walked = NameList & { readonly patterns: DomainPatterns; readonly except?: DomainPatterns }
const lists: fc.Arbitrary<Walked[]> = fc
  .array(fc.tuple(fc.array(pattern, { maxLength: 12 }), fc.array(pattern, { maxLength: 4 })), { maxLength: 5 })
  .map((all) => all.map(([patterns, except], atom) => ({ atom, patterns, except })))
const word = fc.integer({ min: 0, max: 0xffffffff })
const seed = fc.tuple(word, word)

/** A name as it is in a query, which has it after twelve octets of header. */
function query(...labels: string[]): Uint8Array {
  const octets = labels.flatMap((each) => [each.length, ...Buffer.from(each, 'latin1')])
  return Uint8Array.of(...new Uint8Array(12), ...octets, 0, 0, 1, 0, 1)
}

test('a name is in exactly the lists whose nearest pattern is no hole', () => {
  fc.assert(
    fc.property(lists, name, seed, (all, asked, seeded) => {
      const table = buildNameTable(all, seeded)
      const expected = all
        .filter(({ patterns, except }) =>
          setHoldsName({ domains: patterns, ...(except && { except }), prefixes: [] }, asked),
        )
        .map(({ atom }) => atom)
      assert.deepEqual(table.atomsOf(table.find(asked)), expected)
    }),
  )
})

/** The same patterns as octets. */
function packed(patterns: DomainPatterns): DomainPatterns {
  const octets = Uint8Array.from(
    [...patterns].flatMap((each) => [
      each.name.length,
      PACKED_KINDS.indexOf(each.kind),
      ...Buffer.from(each.name, 'latin1'),
    ]),
  )
  return {
    length: patterns.length,
    packed: () => octets,
    [Symbol.iterator]: () => assert.fail('walked as objects'),
  }
}

test('a table of packed lists finds what one of objects finds', () => {
  fc.assert(
    fc.property(lists, name, seed, (all, asked, seeded) => {
      const expected = buildNameTable(all, seeded)
      const octets = all.map(({ atom, patterns, except }) => {
        return { atom, patterns: packed(patterns), ...(except && { except: packed(except) }) }
      })
      const table = buildNameTable(octets, seeded)
      assert.deepEqual(table.atomsOf(table.find(asked)), expected.atomsOf(expected.find(asked)))
    }),
  )
})

test('the octets of a query, in any case, find what the text of the name finds', () => {
  fc.assert(
    fc.property(lists, name, seed, fc.array(fc.boolean(), { minLength: 40 }), (all, asked, seeded, capitals) => {
      const table = buildNameTable(all, seeded)
      const spelled = [...asked].map((each, at) => (capitals[at] ? each.toUpperCase() : each)).join('')
      assert.equal(table.findWire(query(...spelled.split('.')), 12), table.find(asked))
    }),
  )
})

test('octets that are no host name are not looked up, whatever they are', () => {
  const table = buildNameTable(
    [{ atom: 0, patterns: [{ kind: 'both', name: parseDomainName('example.com')! }] }],
    [1, 2],
  )
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), fc.nat(20), (bytes, start) => {
      const set = table.findWire(bytes, start)
      assert.ok(set >= -1 && set < table.setCount)
    }),
  )
  // A dot inside a label must not make `evil.example` under `com` a name below `example.com`.
  assert.equal(table.findWire(query('evil.example', 'com'), 12), -1)
  assert.equal(table.findWire(query(), 12), -1)
  assert.equal(table.findWire(Uint8Array.of(0xc0, 0), 0), -1)
  assert.equal(table.findWire(Uint8Array.of(7, 101, 120), 0), -1)
})

test('a table that another thread opens from the image finds the same, in the same memory', () => {
  fc.assert(
    fc.property(lists, name, seed, (all, asked, seeded) => {
      const table = buildNameTable(all, seeded)
      const other = openNameTable(structuredClone(table.image))
      assert.equal(other.image.hashes.buffer.byteLength, table.image.hashes.buffer.byteLength)
      assert.deepEqual(other.atomsOf(other.find(asked)), table.atomsOf(table.find(asked)))
    }),
  )
})

test('more sets than sixteen bits can count are told apart', () => {
  const names = Array.from({ length: 70_000 }, (_, at) => parseDomainName(`n${at}.example`)!)
  const all = names.map((each, atom): NameList => ({ atom, patterns: [{ kind: 'both', name: each }] }))
  const table = buildNameTable(all, [3, 4])
  for (const at of [0, 65_534, 65_535, 65_536, 69_999]) {
    assert.deepEqual(table.atomsOf(table.find(`www.n${at}.example` as DomainName)), [at])
  }
})

test('a million names cost at most 32 MB', () => {
  const patterns = Array.from({ length: 200_000 }, (_, at): DomainPattern => {
    return { kind: 'both', name: `host-${at}.example` as DomainName }
  })
  const { entries, image } = buildNameTable([{ atom: 0, patterns }], [5, 6])
  assert.equal(entries, 200_000)
  const bytes = image.hashes.byteLength + image.ids.byteLength
  assert.ok(bytes <= 32 * entries, `${bytes}`)
})
