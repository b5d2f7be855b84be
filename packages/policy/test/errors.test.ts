import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { ERRORS, SallyportError, type ErrorCode } from '../src/errors.ts'

const page = readFileSync(new URL('../../../docs/reference/error-codes.md', import.meta.url), 'utf8')
const documented = [...page.matchAll(/^\| `([a-z-]+)` \| ([23]) \|/gm)].map(([, code, exit]) => `${code} ${exit}`)

test('the reference page lists every error code and no other', () => {
  const codes = Object.entries(ERRORS).map(([code, entry]) => `${code} ${entry.exitCode}`)
  assert.deepEqual(documented.toSorted(), codes.toSorted())
})

test('an error has the exit code and the remedy of its code, unless it knows a better remedy', () => {
  for (const code of Object.keys(ERRORS) as ErrorCode[]) {
    assert.equal(new SallyportError(code, 'x').exitCode, ERRORS[code].exitCode)
    assert.equal(new SallyportError(code, 'x').remedy, ERRORS[code].remedy)
  }
  assert.equal(new SallyportError('usage', 'x', { remedy: 'y' }).remedy, 'y')
})
