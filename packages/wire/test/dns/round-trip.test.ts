import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { arbitraryMessage, arbitraryName } from './arbitrary-message.fixture.ts'
import { buildMessage, buildWithin } from '../../src/dns/build-message.ts'
import { isWireFailure } from '../../src/dns/failure.ts'
import { presentName, sameName, sameSpelling, wireName } from '../../src/dns/name.ts'
import { parseMessage } from '../../src/dns/parse-message.ts'

test('what is built is parsed back unchanged', () => {
  fc.assert(fc.property(arbitraryMessage, (message) => assert.deepEqual(parseMessage(buildMessage(message)), message)))
})

test('what is parsed does not change with the bytes it was read from', () => {
  fc.assert(
    fc.property(arbitraryMessage, (message) => {
      const bytes = Buffer.from(buildMessage(message))
      const parsed = parseMessage(bytes)
      bytes.fill(0xff)
      assert.deepEqual(parsed, message)
    }),
  )
})

test('a message cut to a size is whole or truncated, and fits', () => {
  fc.assert(
    fc.property(arbitraryMessage, fc.integer({ min: 512, max: 1500 }), (message, limit) => {
      const bytes = buildWithin(message, limit)
      assert.ok(bytes.length <= limit)
      const parsed = parseMessage(bytes)
      assert.ok(!isWireFailure(parsed))
      assert.ok(parsed.header.truncated || parsed.answers.length === message.answers.length)
    }),
  )
})

test('the text of a name stands for that name only', () => {
  fc.assert(
    fc.property(arbitraryName, (name) => {
      const again = wireName(presentName(name))
      assert.ok(again !== null && sameName(again, name))
      assert.ok(sameSpelling(name, name))
    }),
  )
})
