import assert from 'node:assert/strict'
import { startIdentification, type Direction, type Identification } from '@sallyport/wire'
import { STREAM_WORDS } from '../identify/first-words.fixture.ts'
import { helloWith, serverName } from '../identify/hello-bytes.ts'
import { nodeCrypto } from '../identify/node-crypto.ts'
import { octets, type Random } from './random.ts'
import type { Fuzzer } from './run-fuzzer.ts'

const PREFACE = octets('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n')
/** `:method GET`, `:path /`, `:scheme https`, `:authority` as a Huffman-coded literal (RFC 7541 appendix C.4.1). */
const BLOCK = [0x82, 0x84, 0x87, 0x41, 0x8c, 0xf1, 0xe3, 0xc2, 0xe5, 0xf2, 0x3a, 0x6b, 0xa0, 0xab, 0x90, 0xf4, 0xff]
const HTTP2 = Uint8Array.from(
  [PREFACE, [0, 0, 6, 4, 0, 0, 0, 0, 0, 0, 3, 0, 0, 0, 100], [0, 0, BLOCK.length, 1, 5, 0, 0, 0, 1], BLOCK].flatMap(
    (part) => [...part],
  ),
)

/** What a stream is does not depend on its pieces, in either direction. */
export const fuzzStreams: Fuzzer = {
  corpus: () => [
    ...STREAM_WORDS.map(([, , words]) => octets(words)),
    HTTP2,
    helloWith([serverName('a.example'), [0, 16, 0, 5, 0, 3, 2, 0x68, 0x32]]),
    helloWith([serverName('a.example')], 20),
  ],
  parse(bytes, random) {
    const direction: Direction = random(2) === 0 ? 'client' : 'server'
    const whole = identify(direction, [bytes])
    assert.deepEqual(identify(direction, pieces(bytes, random)), whole)
    return whole.state === 'identified'
  },
}

function pieces(bytes: Uint8Array, random: Random): readonly Uint8Array[] {
  const cuts = Array.from({ length: random(6) }, () => random(bytes.length + 1)).sort((a, b) => a - b)
  return [...cuts, bytes.length].map((end, at) => bytes.subarray(cuts[at - 1] ?? 0, end))
}

function identify(direction: Direction, parts: readonly Uint8Array[]): Identification {
  const identifier = startIdentification({ transport: 'tcp', ciphers: nodeCrypto })
  for (const part of parts) identifier.push(direction, part)
  return identifier.finish()
}
