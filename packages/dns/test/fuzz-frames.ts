import assert from 'node:assert/strict'
import { frame, FrameReader } from '../src/listen/frames.ts'

const LIMIT = 4096
const MESSAGES = [new Uint8Array(12), new Uint8Array(300).fill(7), new Uint8Array(0)].map(frame)

const hex = (messages: readonly Buffer[]): string[] => messages.map((message) => message.toString('hex'))

/** For `npm run fuzz -- frames`: a stream of DNS messages is cut in the same places in whatever pieces it comes. */
export const fuzzFrames: {
  readonly corpus: () => readonly Uint8Array[]
  readonly parse: (bytes: Uint8Array, random: (below: number) => number) => boolean
} = {
  corpus: () => [...MESSAGES, Buffer.concat(MESSAGES)],
  parse(bytes, random) {
    const whole = new FrameReader(LIMIT).push(Buffer.from(bytes))
    const reader = new FrameReader(LIMIT)
    const messages: Buffer[] = []
    for (let at = 0; at < bytes.length;) {
      const end = Math.min(bytes.length, at + 1 + random(200))
      const said = reader.push(Buffer.from(bytes.subarray(at, end)))
      if (said === null) {
        assert.equal(whole, null)
        return false
      }
      messages.push(...said)
      at = end
    }
    if (whole === null) return assert.fail('only the pieces were read')
    assert.deepEqual(hex(messages), hex(whole))
    return messages.length > 0
  },
}
