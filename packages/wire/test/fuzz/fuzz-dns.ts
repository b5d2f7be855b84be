import assert from 'node:assert/strict'
import fc from 'fast-check'
import { arbitraryMessage } from '../dns/arbitrary-message.fixture.ts'
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
import type { Fuzzer } from './run-fuzzer.ts'

/** Everything that can be read is built and read again to the same. */
export const fuzzDns: Fuzzer = {
  corpus: (seed) => fc.sample(arbitraryMessage, { numRuns: 200, seed }).map(buildMessage),
  parse(bytes) {
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
  },
}
