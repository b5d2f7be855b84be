import assert from 'node:assert/strict'
import { test } from 'node:test'
import { buildMessage } from '../../src/dns/build-message.ts'
import { isWireFailure } from '../../src/dns/failure.ts'
import { parseMessage } from '../../src/dns/parse-message.ts'
import type { RecordData } from '../../src/dns/rdata.ts'

/** A response with one answer. */
const HEADER = [0, 1, 0x80, 0, 0, 0, 0, 1, 0, 0, 0, 0]
const FOO_COM = '03666f6f076578616d706c6503636f6d00'
const FOO_ORG = '03666f6f076578616d706c65036f726700'

/** A response with one SVCB record at the root, whose data is `hex`. */
function message(hex: string): Uint8Array {
  const data = Buffer.from(hex, 'hex')
  return Uint8Array.from([...HEADER, 0, 0, 64, 0, 1, 0, 0, 0, 60, data.length >> 8, data.length & 255, ...data])
}

function read(hex: string): RecordData | string {
  const parsed = parseMessage(message(hex))
  return isWireFailure(parsed) ? parsed.failure : parsed.answers[0]!.data
}

const target = (end: string) => ({ labels: ['foo', 'example', end] })

test('the vectors of RFC 9460 appendix D are read, and built again to the same octets', () => {
  const vectors: readonly (readonly [hex: string, data: RecordData])[] = [
    [`0000${FOO_COM}`, { kind: 'svcb', priority: 0, target: target('com'), params: [] }],
    ['000100', { kind: 'svcb', priority: 1, target: { labels: [] }, params: [] }],
    [
      `0010${FOO_COM}000300020035`,
      { kind: 'svcb', priority: 16, target: target('com'), params: [{ kind: 'port', port: 53 }] },
    ],
    [
      `0001${FOO_COM}029b000568656c6c6f`,
      {
        kind: 'svcb',
        priority: 1,
        target: target('com'),
        params: [{ kind: 'raw', key: 667, value: new TextEncoder().encode('hello') }],
      },
    ],
    [
      `0001${FOO_COM}0006002020010db800000000000000000000000120010db8000000000000000000530001`,
      {
        kind: 'svcb',
        priority: 1,
        target: target('com'),
        params: [
          {
            kind: 'ipv6hint',
            addresses: ['20010db8000000000000000000000001', '20010db8000000000000000000530001'].map((hex) =>
              Uint8Array.from(Buffer.from(hex, 'hex')),
            ),
          },
        ],
      },
    ],
    [
      `0010${FOO_ORG}0000000400010004000100090268320568332d313900040004c0000201`,
      {
        kind: 'svcb',
        priority: 16,
        target: target('org'),
        params: [
          { kind: 'mandatory', keys: [1, 4] },
          { kind: 'alpn', protocols: ['h2', 'h3-19'] },
          { kind: 'ipv4hint', addresses: [Uint8Array.of(192, 0, 2, 1)] },
        ],
      },
    ],
  ]
  for (const [hex, data] of vectors) {
    assert.deepEqual(read(hex), data)
    const parsed = parseMessage(message(hex))
    assert.ok(!isWireFailure(parsed))
    assert.deepEqual(Buffer.from(buildMessage(parsed)).toString('hex'), Buffer.from(message(hex)).toString('hex'))
  }
})

test('parameters out of order, twice, empty, or cut off are no record (RFC 9460 §2.2, §7)', () => {
  for (const hex of [
    '0001000003000200350001000302683200',
    '000100000300020035000300020035',
    '00010000040000',
    '000100000400030000c0',
    '0001000001000005',
  ])
    assert.equal(typeof read(hex), 'string', hex)
})
