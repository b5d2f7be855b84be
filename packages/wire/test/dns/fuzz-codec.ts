import assert from 'node:assert/strict'
import fc from 'fast-check'
import { arbitraryMessage } from './arbitrary-message.fixture.ts'
import { buildMessage, buildWithin } from '../../src/dns/build-message.ts'
import { canonicalSet } from '../../src/dns/canonical.ts'
import { cookieOf } from '../../src/dns/cookie.ts'
import { parseDnskey, parseDs, parseNsec, parseNsec3, parseRrsig } from '../../src/dns/dnssec-records.ts'
import { ednsOf } from '../../src/dns/edns.ts'
import { extendedErrors } from '../../src/dns/extended-error.ts'
import { isWireFailure } from '../../src/dns/failure.ts'
import { SECTIONS } from '../../src/dns/message.ts'
import { presentName } from '../../src/dns/name.ts'
import { paddedMessage } from '../../src/dns/padding.ts'
import { parseMessage } from '../../src/dns/parse-message.ts'

export type FuzzReport = { readonly inputs: number; readonly parsed: number; readonly slowestMs: number }

/** Longer for one message of at most 64 KiB can only be a loop, or work that grows with the square of its length. */
const LOOP_MS = 2000

/**
 * Throws `input` at the codec until `untilMs` of `now`, both in milliseconds: messages that were built and then damaged in
 * the ways that find faults in parsers, and plain random octets. Everything that can be read must be built and read again
 * to the same; nothing may throw.
 */
export function fuzzCodec(seed: number, untilMs: number, now: () => number): FuzzReport {
  const random = xorshift(seed)
  const corpus = fc.sample(arbitraryMessage, { numRuns: 200, seed }).map(buildMessage)
  let inputs = 0
  let parsed = 0
  let slowestMs = 0
  while (now() < untilMs) {
    const bytes = random(8) === 0 ? randomOctets(random) : damaged(corpus[random(corpus.length)]!, corpus, random)
    const start = now()
    try {
      if (survives(bytes)) parsed++
    } catch (error) {
      throw new Error(`seed ${seed}, input ${inputs}: ${Buffer.from(bytes).toString('hex')}`, { cause: error })
    }
    slowestMs = Math.max(slowestMs, now() - start)
    assert.ok(slowestMs < LOOP_MS, `seed ${seed}, input ${inputs}: ${slowestMs} ms for ${bytes.length} octets`)
    inputs++
  }
  return { inputs, parsed, slowestMs: Math.round(slowestMs) }
}

/** Whether the octets are a message. */
function survives(bytes: Uint8Array): boolean {
  const message = parseMessage(bytes)
  if (isWireFailure(message)) return false
  assert.deepEqual(parseMessage(buildMessage(message)), message)
  assert.ok(buildWithin(message, 512).length <= Math.max(512, 12 + 4 + 255 + 11))
  buildMessage(paddedMessage(message, 128))
  const edns = ednsOf(message)
  if (edns !== null && edns !== 'bad') {
    cookieOf(edns.options)
    extendedErrors(edns.options)
  }
  for (const section of SECTIONS) {
    for (const record of message[section]) {
      presentName(record.name)
      canonicalSet(record.name, 0, [record])
      if (record.data.kind !== 'raw') continue
      for (const parse of [parseRrsig, parseDnskey, parseDs, parseNsec, parseNsec3]) parse(record.data.octets)
    }
  }
  return true
}

type Random = (below: number) => number

function damaged(message: Uint8Array, corpus: readonly Uint8Array[], random: Random): Uint8Array {
  let bytes = message.slice()
  for (let times = 1 + random(6); times > 0; times--) {
    const at = random(Math.max(1, bytes.length))
    switch (random(7)) {
      case 0:
        bytes[at] = random(256)
        break
      case 1:
        // A compression pointer to anywhere.
        bytes[at] = 0xc0 | random(64)
        bytes[(at + 1) % bytes.length] = random(256)
        break
      case 2:
        bytes = bytes.slice(0, at)
        break
      case 3:
        bytes = Uint8Array.from([...bytes.subarray(0, at), ...bytes.subarray(random(bytes.length + 1))])
        break
      case 4:
        // A count of the header.
        if (bytes.length > 12) bytes[4 + random(8)] = random(3) === 0 ? 255 : random(4)
        break
      case 5: {
        const other = corpus[random(corpus.length)]!
        bytes = Uint8Array.from([...bytes.subarray(0, at), ...other.subarray(random(other.length))])
        break
      }
      default:
        bytes = Uint8Array.from([
          ...bytes.subarray(0, at),
          ...randomOctets(random).subarray(0, 16),
          ...bytes.subarray(at),
        ])
    }
    bytes = bytes.subarray(0, 65_535)
  }
  return bytes
}

function randomOctets(random: Random): Uint8Array {
  return Uint8Array.from({ length: random(600) }, () => random(256))
}

/** xorshift32: a seed gives the same inputs again. */
function xorshift(seed: number): Random {
  let state = seed === 0 ? 1 : seed | 0
  return (below) => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    return (state >>> 0) % below
  }
}
