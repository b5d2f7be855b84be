import assert from 'node:assert/strict'
import { test } from 'node:test'
import { feedOf, invalidOf, lines, patterns } from './feed-of.ts'

for (const [what, bytes, reason] of [
  ['a page of HTML', '<!DOCTYPE html>\n<html><body>404</body></html>', /HTML/],
  ['an empty document', '', /empty/],
  ['comments alone', '# nothing\n! here\n', /only comments/],
  ['UTF-16', Buffer.from('\ufeffevil.example\n', 'utf16le'), /UTF-16/],
  ['binary data', Uint8Array.of(0x7f, 0x45, 0x4c, 0x46, 0, 0, 1), /binary/],
  ['a file packed twice', Uint8Array.of(0x1f, 0x8b, 8), /compressed twice/],
  ['prose', 'The quick brown fox\njumps over\nthe lazy dog\n', /format cannot be told/],
  ['JSON of something else', '{"a":1}', /neither STIX nor MISP/],
  ['JSON that is cut', '{"type":"bundle","objects":[', /not JSON/],
] as const) {
  test(`${what} is no list, even where a format is given`, async () => {
    assert.match(await invalidOf(bytes), reason)
    if (!/told|JSON|STIX/.test(reason.source)) assert.match(await invalidOf(bytes, { format: 'domains' }), reason)
  })
}

test('a line that is not UTF-8 costs that line only', async () => {
  const feed = await feedOf(
    Buffer.concat([Buffer.from('a.example\nb\xff.example\n', 'latin1'), Buffer.from('ü.example\n')]),
  )
  assert.deepEqual(patterns(feed), ['.a.example', '.xn--tda.example'])
  assert.deepEqual([lines(feed), feed.problems.byReason], [[2], { 'not UTF-8': 1 }])
})

test('a line of any length is passed over, and the list of problems stays short', async () => {
  const feed = await feedOf(`a.example\n${'x'.repeat(100_000)}\n${'!bad\n'.repeat(1000)}b.example\n`, {
    format: 'domains',
  })
  assert.deepEqual(patterns(feed), ['.a.example', '.b.example'])
  assert.equal(feed.problems.count, 1001)
  assert.equal(feed.problems.shown.length, 100)
  assert.ok(feed.problems.shown.every(({ text }) => text.length <= 120))
})
