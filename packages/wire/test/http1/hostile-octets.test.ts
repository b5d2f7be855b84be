import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { ChunkedReader, findHeadEnd } from '@sallyport/wire'
import { parseHostileOctets } from '../fuzz/fuzz-http1.ts'

const pieceOf = fc.oneof(
  fc.constantFrom(
    'GET ',
    'http://a/',
    ' HTTP/1.1',
    '\r\n',
    '\n',
    '\r',
    ': ',
    'Host',
    'Content-Length',
    '5',
    '0',
    ';',
    ' ',
    '\t',
    'chunked',
    'Transfer-Encoding',
    'HTTP/1.1 200 ',
    '\0',
    '\xff',
    'a',
  ),
  fc.string({ maxLength: 4 }),
)
const texts = fc.array(pieceOf, { maxLength: 40 }).map((pieces) => pieces.join(''))
const octets = fc.oneof(
  fc.uint8Array({ maxLength: 300 }),
  texts.map((text) => Uint8Array.from(Buffer.from(text, 'latin1'))),
)

test('no octets make a parser throw, and a head that is read has none in it that ends a line for some reader', () => {
  fc.assert(
    fc.property(texts, octets, (text, bytes) => {
      parseHostileOctets(Uint8Array.from(Buffer.from(text, 'latin1')))
      parseHostileOctets(bytes)
    }),
    { numRuns: 2000 },
  )
})

/** Body, trailers and octets behind it, however the stream is cut. */
function readIn(bytes: Uint8Array, cuts: readonly number[]): string {
  const reader = new ChunkedReader()
  let body = ''
  let start = 0
  for (const end of [...cuts.map((cut) => cut % (bytes.length + 1)).sort((a, b) => a - b), bytes.length]) {
    const piece = bytes.subarray(start, end)
    start = end
    const taken = reader.read(piece, (part) => (body += Buffer.from(part).toString('latin1')))
    if (typeof taken !== 'number') return `${taken.problem}`
    if (reader.isEnd) return `${body} | ${reader.trailers.map(({ name }) => name).join()} | end`
  }
  return `${body} | more`
}

test('a chunked body is the same in any pieces, and what is built is read back', () => {
  const chunks = fc.array(fc.string({ minLength: 1, maxLength: 20, unit: 'binary-ascii' }), { maxLength: 6 })
  fc.assert(
    fc.property(chunks, fc.array(fc.nat(400), { maxLength: 8 }), (parts, cuts) => {
      const text = `${parts.map((part) => `${part.length.toString(16)};x=y\r\n${part}\r\n`).join('')}0\r\nX-Sum: 1\r\n\r\nnext`
      const bytes = Uint8Array.from(Buffer.from(text, 'latin1'))
      assert.equal(readIn(bytes, cuts), `${parts.join('')} | x-sum | end`)
    }),
    { numRuns: 500 },
  )
  fc.assert(
    fc.property(octets, fc.array(fc.nat(400), { maxLength: 8 }), (bytes, cuts) => {
      const [whole, cut] = [readIn(bytes, []), readIn(bytes, cuts)]
      if (whole.startsWith('bad-')) assert.match(cut, /^bad-/)
      else assert.equal(cut, whole)
    }),
    { numRuns: 2000 },
  )
})

test('the end of a head is found in any pieces', () => {
  fc.assert(
    fc.property(texts, fc.nat(200), (text, cut) => {
      const bytes = Uint8Array.from(Buffer.from(`${text}\r\n\r\n`, 'latin1'))
      const whole = findHeadEnd(bytes, 0)
      const first = bytes.subarray(0, cut)
      const early = findHeadEnd(first, 0)
      assert.deepEqual(early ?? findHeadEnd(bytes, first.length), whole)
    }),
    { numRuns: 2000 },
  )
})
