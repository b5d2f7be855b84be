import assert from 'node:assert/strict'
import { mkdtempSync, readdirSync, readFileSync, rmSync, truncateSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import fc from 'fast-check'
import { formatAddress, ipv4, parseAddress } from '@sallyport/net'
import { readKeptRangeTable } from '../../src/geo/compiled-ranges.ts'
import type { RangeTable } from '../../src/geo/range-table.ts'

function place(context: TestContext): { readonly csv: string; readonly kept: string } {
  const directory = mkdtempSync(join(tmpdir(), 'sallyport-ranges-'))
  context.after(() => rmSync(directory, { recursive: true }))
  return { csv: join(directory, 'ranges.csv'), kept: join(directory, 'kept') }
}

const rowsOf = (table: RangeTable): readonly unknown[] => [...table.rows()]

test('a table that was kept is the one that was read, whatever its ranges', (context) => {
  const { csv, kept } = place(context)
  const range = fc.tuple(fc.nat(2 ** 31), fc.nat(1000), fc.constantFrom('DE', 'FR', '64500', 'ü'))
  fc.assert(
    fc.property(fc.array(range, { maxLength: 30 }), (ranges) => {
      const lines = ranges.map(
        ([start, size, value]) => `${formatAddress(ipv4(start))},${formatAddress(ipv4(start + size))},${value}`,
      )
      writeFileSync(csv, `${lines.join('\n')}\n2001:db8::,2001:db8::ff,US\n`)
      rmSync(kept, { recursive: true, force: true })
      const read = readKeptRangeTable([csv], null)
      for (const table of [readKeptRangeTable([csv], kept), readKeptRangeTable([csv], kept)]) {
        assert.deepEqual(rowsOf(table), rowsOf(read))
        assert.deepEqual(table.prefixesOf('DE'), read.prefixesOf('DE'))
        assert.equal(table.find(parseAddress('2001:db8::7')!), 'US')
      }
      assert.equal(readdirSync(kept).length, 1)
    }),
    { numRuns: 100 },
  )
})

test('a file that changed is read again, a copy that is damaged is made again, one that cannot be kept is done without', (context) => {
  const { csv, kept } = place(context)
  const at = parseAddress('192.0.2.1')!
  const put = (value: string, day: number): void => {
    writeFileSync(csv, `192.0.2.0,192.0.2.255,${value}\n`)
    utimesSync(csv, day * 86_400, day * 86_400)
  }
  put('DE', 1)
  assert.equal(readKeptRangeTable([csv], kept).find(at), 'DE')
  put('FR', 2)
  assert.equal(readKeptRangeTable([csv], kept).find(at), 'FR')
  for (const name of readdirSync(kept)) {
    const path = join(kept, name)
    const whole = readFileSync(path)
    for (const harm of [
      () => truncateSync(path, whole.length - 1),
      () => writeFileSync(path, ''),
      () => writeFileSync(path, Buffer.from(whole).fill(1, 20, 24)),
    ]) {
      harm()
      assert.equal(readKeptRangeTable([csv], kept).find(at), 'FR')
      assert.equal(readKeptRangeTable([csv], kept).find(at), 'FR')
    }
  }
  assert.equal(readKeptRangeTable([csv], join(csv, 'no-directory')).find(at), 'FR')
})
