import assert from 'node:assert/strict'
import { isMessageFailure, parseEncapsulated, parseIcapHead } from '@sallyport/wire'
import { octets } from './random.ts'
import type { Fuzzer } from './run-fuzzer.ts'

const MESSAGES = [
  'ICAP/1.0 200 OK\r\nISTag: "x"\r\nEncapsulated: req-hdr=0, req-body=213\r\n',
  'ICAP/1.0 204 No Modifications\r\nEncapsulated: null-body=0\r\n',
  'ICAP/1.0 200 OK\r\nMethods: REQMOD\r\nPreview: 1024\r\nEncapsulated: req-hdr=0, res-hdr=45, res-body=100\r\n',
]

/** The heads that an answer announces follow one another without gaps, from the first octet to the body. */
export const fuzzIcap: Fuzzer = {
  corpus: () => MESSAGES.map(octets),
  parse(bytes) {
    const head = parseIcapHead(Buffer.from(bytes).toString('latin1'))
    if (isMessageFailure(head)) return false
    for (const { name, value } of head.fields) {
      const found = name === 'encapsulated' ? parseEncapsulated(value) : null
      if (found === null) continue
      let octet = 0
      for (const { start, end } of found.heads) {
        assert.ok(start === octet && end > start)
        octet = end
      }
      assert.equal(octet, found.octets)
    }
    return true
  },
}
