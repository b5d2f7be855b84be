import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseAddress } from '@sallyport/net'
import { buildMessage } from '../../src/dns/build-message.ts'
import { ednsOf, optRecord } from '../../src/dns/edns.ts'
import { EXTENDED_ERROR, extendedErrorOption, extendedErrors } from '../../src/dns/extended-error.ts'
import { isWireFailure } from '../../src/dns/failure.ts'
import type { Message } from '../../src/dns/message.ts'
import { RCODE, TYPE } from '../../src/dns/numbers.ts'
import { parseMessage } from '../../src/dns/parse-message.ts'
import { refusalMessage, type Refusal } from '../../src/dns/refusal.ts'

const query = (type: number, edns = true): Message => ({
  header: {
    id: 9,
    response: false,
    opcode: 0,
    authoritative: false,
    truncated: false,
    recursionDesired: true,
    recursionAvailable: false,
    authenticData: false,
    checkingDisabled: false,
    rcode: 0,
  },
  questions: [{ name: { labels: ['eXample', 'com'] }, type, class: 1 }],
  answers: [],
  authorities: [],
  additionals: edns ? [optRecord({ udpSize: 4096, extendedRcode: 0, version: 0, dnssecOk: false, options: [] })] : [],
})
const error = { code: EXTENDED_ERROR.BLOCKED, text: 'rule no-c2' }

function refuse(message: Message, refusal: Refusal): Message {
  const parsed = parseMessage(buildMessage(refusalMessage(message, refusal, error)))
  assert.ok(!isWireFailure(parsed))
  assert.deepEqual(parsed.questions, message.questions)
  assert.ok(parsed.header.response && parsed.header.id === 9)
  return parsed
}

test('each kind has its response code and records', () => {
  assert.equal(refuse(query(TYPE.A), { kind: 'refused' }).header.rcode, RCODE.REFUSED)
  assert.equal(refuse(query(TYPE.A), { kind: 'nxdomain' }).header.rcode, RCODE.NXDOMAIN)
  assert.deepEqual(refuse(query(TYPE.A), { kind: 'nodata' }).answers, [])
  const zero = refuse(query(TYPE.AAAA), { kind: 'zero' }).answers.map((record) => record.data)
  assert.deepEqual(zero, [{ kind: 'address', octets: new Uint8Array(16) }])
  assert.deepEqual(refuse(query(TYPE.MX), { kind: 'zero' }).answers, [])
  const addresses = [parseAddress('192.0.2.7')!, parseAddress('2001:db8::7')!]
  const page = refuse(query(TYPE.A), { kind: 'address', addresses }).answers.map((record) => record.data)
  assert.deepEqual(page, [{ kind: 'address', octets: Uint8Array.of(192, 0, 2, 7) }])
})

test('the rule is named to clients with EDNS; others get no OPT record', () => {
  const edns = ednsOf(refuse(query(TYPE.A), { kind: 'refused' }))
  assert.ok(edns !== null && edns !== 'bad')
  assert.deepEqual(extendedErrors(edns.options), [error])
  assert.deepEqual(refuse(query(TYPE.A, false), { kind: 'refused' }).additionals, [])
})

test('the text of an extended error is bounded at a whole character', () => {
  const [read] = extendedErrors([extendedErrorOption({ code: 15, text: `x${'é'.repeat(300)}` })])
  assert.equal(read!.text, `x${'é'.repeat(119)}`)
})

test('a query with an OPT record that is not the root is seen as bad', () => {
  const message = query(TYPE.A)
  const [opt] = message.additionals
  assert.equal(ednsOf({ ...message, additionals: [opt!, opt!] }), 'bad')
  assert.ok(buildMessage(message).length > 0)
})
