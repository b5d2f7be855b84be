import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { FEED_FORMATS } from '@sallyport/policy'

test('every format is documented, and every documented format exists', () => {
  const page = readFileSync(new URL('../../../../docs/reference/feeds.md', import.meta.url), 'utf8')
  const documented = [...page.matchAll(/^\| `([a-z-]+)` \|/gm)].map((match) => match[1])
  assert.deepEqual(documented.toSorted(), [...FEED_FORMATS].sort())
})
