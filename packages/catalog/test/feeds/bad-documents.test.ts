import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseFeed } from '../../src/index.ts'
import { feedOf, invalidOf, lines, NOW, patterns } from './feed-of.ts'

for (const [what, bytes, reason] of [
  ['a page of HTML', '<!DOCTYPE html>\n<html><body>404</body></html>', /HTML/],
  ['an empty document', '', /empty/],
  ['UTF-16', Buffer.from('\ufeffevil.example\n', 'utf16le'), /UTF-16/],
  ['binary data', Uint8Array.of(0x7f, 0x45, 0x4c, 0x46, 0, 0, 1), /binary/],
  ['a file packed twice', Uint8Array.of(0x1f, 0x8b, 8), /compressed twice/],
  ['prose', 'The quick brown fox\njumps over\nthe lazy dog\n', /format cannot be told/],
  ['JSON of something else', '{"a":1}', /neither STIX nor MISP/],
  ['JSON that is cut', '{"type":"bundle","objects":[', /not JSON/],
] as const) {
  test(`${what} is no list, even where a format is given`, () => {
    assert.match(invalidOf(bytes), reason)
    if (!/told|JSON|STIX/.test(reason.source)) assert.match(invalidOf(bytes, { format: 'domains' }), reason)
  })
}

test('a line that is not UTF-8 costs that line only', () => {
  const feed = feedOf(Buffer.concat([Buffer.from('a.example\nb\xff.example\n', 'latin1'), Buffer.from('ü.example\n')]))
  assert.deepEqual(patterns(feed), ['.a.example', '.xn--tda.example'])
  assert.deepEqual([lines(feed), feed.problems.byReason], [[2], { 'not UTF-8': 1 }])
})

test('a line of any length is passed over, and the list of problems stays short', () => {
  const feed = feedOf(`a.example\n${'x'.repeat(100_000)}\n${'!bad\n'.repeat(1000)}b.example\n`, {
    format: 'domains',
  })
  assert.deepEqual(patterns(feed), ['.a.example', '.b.example'])
  assert.equal(feed.problems.count, 1001)
  assert.equal(feed.problems.shown.length, 100)
  assert.ok(feed.problems.shown.every(({ text }) => text.length <= 120))
})

/** Each took time with the square of its length before it had a bound; a test that runs long would show it. */
for (const [what, text, format] of [
  ['a host name without end', `192.0.2.1 ${'a'.repeat(60_000)}\n`.repeat(20), undefined],
  ['quotation marks that never close', `a,b\n"x\n${'y\n'.repeat(200_000)}`, 'csv'],
  [
    'a pattern of STIX without end',
    JSON.stringify([{ type: 'indicator', id: 'indicator--1', pattern: 'a:b IN ('.repeat(50_000) }]),
    'stix',
  ],
  [
    'texts that are spelled otherwise',
    `[${Array.from({ length: 20_000 }, (_, at) => `{"type":"indicator","id":"\\u0069ndicator--${at}","pattern":"x"}`).join(',')}]`,
    'stix',
  ],
  [
    'one name in many rules',
    Array.from({ length: 20_000 }, (_, at) => `@@||x.example^$denyallow=a${at}.x.example`).join('\n'),
    'adblock',
  ],
] as const) {
  test(`${what}: read in the time that its length asks`, { timeout: 20_000 }, () => {
    const feed = parseFeed(Buffer.from(text), { format }, NOW)
    assert.ok('invalid' in feed || feed.problems.count > 0)
  })
}

test('comments alone are a list without entries', () => {
  for (const text of ['# nothing\n! here\n', '# to be filled']) {
    const feed = feedOf(text)
    assert.deepEqual([patterns(feed), feed.problems.count], [[], 0])
  }
})
