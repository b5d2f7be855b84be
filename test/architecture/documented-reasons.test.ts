import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { REASONS } from '@sallyport/policy'
import { ROOT } from './read-packages.ts'

test('every verdict reason is documented, and every documented reason exists', () => {
  const page = readFileSync(join(ROOT, 'docs/reference/reasons.md'), 'utf8')
  const documented = [...page.matchAll(/^\| `([a-z-]+)` \|/gm)].map((match) => match[1])
  assert.deepEqual(documented.toSorted(), [...REASONS].sort())
})
