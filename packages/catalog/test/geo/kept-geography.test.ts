import assert from 'node:assert/strict'
import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { parseAddress } from '@sallyport/net'
import { keptGeography } from '../../src/index.ts'
import { writeMmdb } from './write-mmdb.ts'

test('tables are read once, and again when another file is put in their place', (context) => {
  const directory = mkdtempSync(join(tmpdir(), 'sallyport-geo-'))
  context.after(() => rmSync(directory, { recursive: true }))
  const put = (code: string): void => {
    const record = { country: { iso_code: code } }
    writeFileSync(join(directory, 'country.mmdb'), writeMmdb([{ bits: '00001000', record }], 24, 4))
  }
  put('KP')
  const geography = keptGeography([directory])
  const first = geography()
  const address = parseAddress('8.8.8.8')!
  assert.equal(first.countries.find(address), 'KP')
  assert.equal(geography(), first)
  renameSync(join(directory, 'country.mmdb'), join(directory, 'before'))
  put('IR')
  assert.equal(geography().countries.find(address), 'IR')
  assert.equal(first.countries.find(address), 'KP')
})
