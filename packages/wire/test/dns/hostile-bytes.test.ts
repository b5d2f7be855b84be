import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { arbitraryMessage } from './arbitrary-message.fixture.ts'
import { buildMessage } from '../../src/dns/build-message.ts'
import { ednsOf } from '../../src/dns/edns.ts'
import { isWireFailure } from '../../src/dns/failure.ts'
import { parseHeader, parseMessage } from '../../src/dns/parse-message.ts'

const HEADER = [0, 1, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0]
const withQuestion = (...octets: number[]): Uint8Array => Uint8Array.from([...HEADER, ...octets, 0, 1, 0, 1])
const problem = (bytes: Uint8Array): string | null => {
  const parsed = parseMessage(bytes)
  return isWireFailure(parsed) ? parsed.failure : null
}

test('random octets never throw', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 600 }), (bytes) => {
      parseHeader(bytes)
      const parsed = parseMessage(bytes)
      if (!isWireFailure(parsed)) ednsOf(parsed)
    }),
    { numRuns: 2000 },
  )
})

test('one octet changed anywhere never throws, and what is read can be built', () => {
  fc.assert(
    fc.property(arbitraryMessage, fc.nat(), fc.nat(255), (message, at, octet) => {
      const bytes = buildMessage(message)
      bytes[at % bytes.length] = octet
      const parsed = parseMessage(bytes)
      if (!isWireFailure(parsed)) assert.deepEqual(parseMessage(buildMessage(parsed)), parsed)
    }),
    { numRuns: 1000 },
  )
})

test('a message cut at any octet is a failure', () => {
  fc.assert(
    fc.property(arbitraryMessage, (message) => {
      const bytes = buildMessage(message)
      for (let end = 0; end < bytes.length; end++) assert.notEqual(problem(bytes.subarray(0, end)), null)
    }),
    { numRuns: 30 },
  )
})

test('pointers lead backward only', () => {
  assert.equal(problem(withQuestion(0xc0, 12)), 'bad-pointer')
  assert.equal(problem(withQuestion(1, 0x61, 0xc0, 12)), 'bad-pointer')
  assert.equal(problem(withQuestion(0xc0, 14, 0)), 'bad-pointer')
  assert.equal(problem(withQuestion(0xff, 0xff)), 'bad-pointer')
})

test('reserved label types, long names and left-over octets are failures', () => {
  assert.equal(problem(withQuestion(0x41, 0)), 'bad-label')
  assert.equal(problem(withQuestion(0x80, 0)), 'bad-label')
  const label = [63, ...Array.from({ length: 63 }, () => 0x61)]
  assert.equal(problem(withQuestion(...label, ...label, ...label, ...label, 0)), 'long-name')
  assert.equal(problem(Uint8Array.from([...withQuestion(0), 0])), 'trailing-bytes')
  assert.equal(problem(Uint8Array.from([0, 0, 0, 0, 255, 255, 255, 255, 0, 0, 0, 0])), 'too-many-records')
})

test('64 KiB of records that all point at one long name is read quickly', () => {
  const name = [...[63, 63, 63, 59].flatMap((size) => [size, ...Array.from({ length: size }, () => 0x61)]), 0]
  const record = [0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 0, 0, 4, 1, 2, 3, 4]
  const count = 3900
  const bytes = [0, 0, 0, 0, 0, 1, count >> 8, count & 255, 0, 0, 0, 0, ...name, 0, 1, 0, 1]
  for (let i = 0; i < count; i++) bytes.push(...record)
  const start = performance.now()
  assert.equal(problem(Uint8Array.from(bytes)), null)
  assert.ok(performance.now() - start < 1000)
})
