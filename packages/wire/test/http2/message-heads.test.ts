import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import {
  isMessageFailure,
  parseRequestHead,
  requestFraming,
  requestHeadOf,
  responseHeadOf,
  trailersOf,
} from '@sallyport/wire'

const SOUND = [':method', 'GET', ':scheme', 'https', ':authority', 'a.example', ':path', '/p?q']

test('a request becomes one of HTTP/1.1: absolute target, Host first, cookies in one field', () => {
  const head = requestHeadOf([...SOUND, 'cookie', 'a=1', 'x', 'y', 'cookie', 'b=2'])
  assert.ok(!isMessageFailure(head))
  assert.equal(head.target, 'https://a.example/p?q')
  assert.deepEqual(
    head.fields.map(({ name, value }) => `${name}: ${value}`),
    ['host: a.example', 'x: y', 'cookie: a=1; b=2'],
  )
})

test('an empty cookie among others leaves no space at an end', () => {
  for (const cookies of [
    ['a=1', ''],
    ['', 'a=1'],
  ]) {
    const head = requestHeadOf([...SOUND, ...cookies.flatMap((value) => ['cookie', value])])
    assert.ok('fields' in head)
    assert.equal(head.fields.find(({ name }) => name === 'cookie')?.value, 'a=1')
  }
})

test('CONNECT has an authority and nothing else', () => {
  const head = requestHeadOf([':method', 'CONNECT', ':authority', 'a.example:443'])
  assert.ok(!isMessageFailure(head) && head.target === 'a.example:443')
  assert.deepEqual(requestHeadOf(SOUND.with(1, 'CONNECT')), { problem: 'bad-pseudo-field', offset: 0 })
})

test('trailers hold no field that frames, routes or signs in', () => {
  assert.ok(!isMessageFailure(trailersOf(['grpc-status', '0'])))
  for (const name of ['content-length', 'host', 'cookie', ':path'])
    assert.ok(isMessageFailure(trailersOf([name, '1'])), name)
})

const piece = fc.oneof(
  fc.constantFrom(
    ':method',
    ':path',
    ':authority',
    ':scheme',
    ':status',
    'GET',
    'CONNECT',
    '/',
    'https',
    'host',
    'a.example',
    'te',
    'cookie',
    '200',
  ),
  fc.constantFrom('\r\n', '/ HTTP/1.1\r\nx: y', ' ', '\0', 'transfer-encoding', 'Connection', 'é'),
  fc.string({ maxLength: 8 }),
)

test('whatever is accepted means the same when it is written as HTTP/1.1', () => {
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 14 }), fc.boolean(), (pieces, isSound) => {
      const section = isSound ? [...SOUND, ...pieces] : pieces
      void responseHeadOf(section)
      void trailersOf(section)
      const head = requestHeadOf(section)
      if (isMessageFailure(head)) return
      const text = [
        `${head.method} ${head.target} HTTP/1.1`,
        ...head.fields.map(({ name, value }) => `${name}: ${value}`),
      ].join('\r\n')
      const again = parseRequestHead(text)
      assert.ok(!isMessageFailure(again), JSON.stringify(section))
      assert.deepEqual([again.method, again.target, again.fields], [head.method, head.target, head.fields])
      void requestFraming(head)
    }),
    { numRuns: 3000 },
  )
})
