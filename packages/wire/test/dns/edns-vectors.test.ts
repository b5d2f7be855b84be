import assert from 'node:assert/strict'
import { test } from 'node:test'
import { buildMessage } from '../../src/dns/build-message.ts'
import { cookieOf, cookieOption } from '../../src/dns/cookie.ts'
import { ednsOf, type EdnsOption } from '../../src/dns/edns.ts'
import { extendedErrorOption, extendedErrors } from '../../src/dns/extended-error.ts'
import { isWireFailure } from '../../src/dns/failure.ts'
import { hasPadding, paddedMessage } from '../../src/dns/padding.ts'
import { parseMessage } from '../../src/dns/parse-message.ts'

const hex = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text.replaceAll(' ', ''), 'hex'))
/** A query for `. NS` with an OPT record (RFC 6891 §6.1.2) that holds `options`. */
const QUERY = '1234 0120 0001 0000 0000 0001 00 0002 0001'
const OPT = '00 0029 04d0 00 00 8000'
const withOptions = (options: string): Uint8Array => {
  const length = hex(options).length.toString(16).padStart(4, '0')
  return hex(`${QUERY} ${OPT} ${length} ${options}`)
}

/** The options in these octets, which are built again to the same ones. */
function optionsIn(options: string): readonly EdnsOption[] {
  const bytes = withOptions(options)
  const message = parseMessage(bytes)
  assert.ok(!isWireFailure(message))
  assert.deepEqual(Buffer.from(buildMessage(message)).toString('hex'), Buffer.from(bytes).toString('hex'))
  const edns = ednsOf(message)
  assert.ok(edns !== null && edns !== 'bad')
  assert.deepEqual([edns.udpSize, edns.dnssecOk, edns.version], [1232, true, 0])
  return edns.options
}

test('extended errors as RFC 8914 §2 lays them out: code, then text in UTF-8, which may be empty', () => {
  const vectors = [
    ['000f 0002 0012', { code: 18, text: '' }],
    ['000f 000d 000f 72756c65206e6f2d6332 20', { code: 15, text: 'rule no-c2 ' }],
    ['000f 0006 0003 7374c3a9', { code: 3, text: 'sté' }],
    ['000f 0008 0013 7374616c6520', { code: 19, text: 'stale ' }],
    ['000f 0002 ffff', { code: 65535, text: '' }],
  ] as const
  for (const [octets, error] of vectors) {
    assert.deepEqual(extendedErrors(optionsIn(octets)), [error])
    assert.deepEqual([extendedErrorOption(error)], optionsIn(octets))
  }
  // RFC 8914 §2: one message may have several; an option that is too short for a code is none.
  assert.deepEqual(extendedErrors(optionsIn('000f 0002 0003 000f 0001 00 000f 0002 000d')), [
    { code: 3, text: '' },
    { code: 13, text: '' },
  ])
})

test('cookies as in RFC 9018 appendix A.1 and A.2: eight octets of the client, then those of the server', () => {
  const client = hex('2464c4abcf10c957')
  const server = hex('010000005cf79f111f8130c3eee29480')
  assert.deepEqual(cookieOf(optionsIn('000a 0008 2464c4abcf10c957')), { client, server: new Uint8Array() })
  const both = '000a 0018 2464c4abcf10c957 010000005cf79f111f8130c3eee29480'
  assert.deepEqual(cookieOf(optionsIn(both)), { client, server })
  assert.deepEqual([cookieOption({ client, server })], optionsIn(both))
})

test('cookies of a length that RFC 7873 §4 does not have are bad: not 8, nor 16 to 40 octets', () => {
  for (const length of [8, 16, 17, 40]) {
    assert.notEqual(cookieOf([{ code: 10, value: new Uint8Array(length) }]), 'bad', `${length}`)
  }
  for (const length of [0, 1, 7, 9, 15, 41, 100]) {
    assert.equal(cookieOf([{ code: 10, value: new Uint8Array(length) }]), 'bad', `${length}`)
  }
})

test('padding as RFC 7830 §3 lays it out: octets that are zero, also none, whose value nobody looks at', () => {
  assert.equal(hasPadding(optionsIn('000c 0000')), true)
  assert.equal(hasPadding(optionsIn('000c 0004 00000000')), true)
  assert.equal(hasPadding(optionsIn('000c 0002 ffff')), true)
  assert.equal(hasPadding(optionsIn('000a 0008 2464c4abcf10c957')), false)
})

test('a message is padded to whole blocks, padding last and once (RFC 8467 §4.1)', () => {
  for (const options of ['', '000a 0008 2464c4abcf10c957', '000c 0003 000000 000a 0008 2464c4abcf10c957']) {
    const message = parseMessage(withOptions(options))
    assert.ok(!isWireFailure(message))
    const bytes = buildMessage(paddedMessage(message, 128))
    assert.equal(bytes.length, 128)
    const again = parseMessage(bytes)
    assert.ok(!isWireFailure(again))
    const edns = ednsOf(again)
    assert.ok(edns !== null && edns !== 'bad')
    assert.deepEqual(
      edns.options.map(({ code }) => code),
      options === '' ? [12] : [10, 12],
    )
    assert.ok(edns.options.at(-1)!.value.every((octet) => octet === 0))
  }
})
