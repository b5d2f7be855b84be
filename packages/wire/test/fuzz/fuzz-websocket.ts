import assert from 'node:assert/strict'
import { WebSocketReader } from '@sallyport/wire'
import type { Fuzzer } from './run-fuzzer.ts'

const HELLO = [0x81, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58]
const PIECES = [
  [0x01, 0x81, 1, 2, 3, 4, 0x60],
  [0x89, 0x80, 1, 2, 3, 4],
  [0x80, 0x81, 1, 2, 3, 4, 0x61],
]
const LONG = [0x82, 0xfe, 0, 126, 0, 0, 0, 0, ...Array.from({ length: 126 }, (_, at) => at)]

/** What is read does not depend on pieces, and is what came, octet by octet. */
export const fuzzWebSocket: Fuzzer = {
  corpus: () => [HELLO, PIECES.flat(), [...HELLO, ...LONG, ...HELLO]].map((octets) => Uint8Array.from(octets)),
  parse(bytes, random) {
    const whole = read(bytes, () => bytes.length)
    assert.deepEqual(
      read(bytes, () => 1 + random(9)),
      whole,
    )
    assert.ok(whole.octets <= bytes.length)
    return whole.problem === null
  },
}

function read(bytes: Uint8Array, step: () => number) {
  const reader = new WebSocketReader(1000)
  const parts: { readonly kind: string; readonly raw: string }[] = []
  let problem: string | null = null
  let octets = 0
  for (let at = 0, size = 0; at < bytes.length; at += size) {
    size = step()
    const said = reader.push(bytes.subarray(at, at + size))
    problem ??= said.problem
    for (const { kind, raw } of said.parts) {
      octets += raw.length
      parts.push({ kind, raw: Buffer.from(raw).toString('hex') })
    }
  }
  return { parts, problem, octets }
}
