import assert from 'node:assert/strict'
import { test } from 'node:test'
import { frame, FrameReader } from '../../src/listen/frames.ts'

test('thousands of messages in one piece are cut from it without a copy of the rest for each', () => {
  const piece = Buffer.alloc(65_536)
  const messages = new FrameReader(65_535).push(piece)
  assert.equal(messages?.length, 32_768)
  assert.ok(messages.every(({ buffer }) => buffer === piece.buffer))
})

test('a message that comes in pieces is whole when its last octet is there, and what follows begins the next', () => {
  const bytes = Buffer.concat([frame(Uint8Array.of(1, 2, 3)), frame(Uint8Array.of(4))])
  const reader = new FrameReader(3)
  const said = Array.from(bytes, (octet) => reader.push(Buffer.of(octet))?.map((message) => [...message]))
  assert.deepEqual(said, [[], [], [], [], [[1, 2, 3]], [], [], [[4]]])
})

test('one that is announced longer than any may be ends it', () => {
  assert.equal(new FrameReader(3).push(Buffer.of(0, 4)), null)
})
