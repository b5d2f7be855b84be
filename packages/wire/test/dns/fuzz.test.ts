import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fuzzCodec } from './fuzz-codec.ts'

test('damaged and random messages never throw, and what is read is built and read again to the same', (context) => {
  const seed = Date.now() & 0x7fffffff
  const { inputs, parsed, slowestMs } = fuzzCodec(seed, performance.now() + 2000, () => performance.now())
  context.diagnostic(`seed ${seed}: ${inputs} inputs, ${parsed} of them messages, ${slowestMs} ms for the slowest`)
  assert.ok(inputs > 100 && parsed > 0)
})
