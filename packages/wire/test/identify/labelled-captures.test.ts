import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { scoreCaptures } from './score-captures.ts'

const data = process.env['SALLYPORT_TEST_DATA']
const folder = data === undefined ? '' : join(data, 'pcap')
const skip = existsSync(join(folder, 'labels.jsonl')) ? false : 'SALLYPORT_TEST_DATA is not set'

test('of flows whose label comes from bytes, 98 in 100 protocols and 99 in 100 names are right', { skip }, () => {
  const { listed, right, unknown, named, nameRight, falsePositives, misses, unlisted } = scoreCaptures(folder)
  const shown = misses.join('\n')
  assert.ok(right / listed >= 0.98, `${right} of ${listed}\n${shown}`)
  assert.ok(nameRight / named >= 0.99, `${nameRight} of ${named} names\n${shown}`)
  // Unknown rather than wrong.
  assert.ok(listed - right - unknown <= listed * 0.005, shown)
  assert.ok(falsePositives <= unlisted * 0.015, shown)
})
