import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { DROP_REASONS } from '@sallyport/flow'
import { ERRORS, REASONS } from '@sallyport/policy'
import { readPackages, ROOT, shown } from './read-packages.ts'

test('every verdict reason is documented, and every documented reason exists', () => {
  const page = readFileSync(join(ROOT, 'docs/reference/reasons.md'), 'utf8')
  const documented = [...page.matchAll(/^\| `([a-z-]+)` \|/gm)].map((match) => match[1])
  assert.deepEqual(documented.toSorted(), [...REASONS].sort())
})

test('every reason for which flows are dropped is documented, and every documented one exists', () => {
  const page = readFileSync(join(ROOT, 'docs/reference/recording.md'), 'utf8')
  const table = page.slice(page.indexOf('| reason |'))
  assert.deepEqual(
    [...table.matchAll(/^\| `([a-z-]+)` \|/gm)].map((match) => match[1]).toSorted(),
    [...DROP_REASONS].sort(),
  )
})

test('every error code is raised somewhere', () => {
  const sources = readPackages()
    .flatMap((each) => each.sources)
    .filter((path) => shown(path) !== 'packages/policy/src/errors.ts')
    .map((path) => readFileSync(path, 'utf8'))
  const unused = Object.keys(ERRORS).filter((code) => !sources.some((source) => source.includes(`'${code}'`)))
  assert.deepEqual(unused, [])
})
