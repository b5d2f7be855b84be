import assert from 'node:assert/strict'
import { test } from 'node:test'
import { dropsIn } from '../../src/queue/queue-drops.ts'

const TEXT = '    7   1234     0 2 65535     1     2        9  1\n23040  17832  8192 2 65535  1808     3    10000  1\n'

test('drops are those of the queue that is asked about, in the kernel and at the socket', () => {
  assert.equal(dropsIn(TEXT, 23_040), 1811)
  assert.equal(dropsIn(TEXT, 7), 3)
})

test('of another queue, or in another form, nothing is said', () => {
  assert.equal(dropsIn(TEXT, 8), null)
  assert.equal(dropsIn('7 1 2\n', 7), null)
})
