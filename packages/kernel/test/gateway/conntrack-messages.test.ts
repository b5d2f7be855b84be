import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import {
  answeredError,
  askForEntry,
  changeEntry,
  decodeEntry,
  ESTABLISHED,
  LIBERAL,
  type FlowEnds,
} from '../../src/gateway/conntrack-messages.ts'
import { netfilterMessage } from '../../src/netfilter-message.ts'
import { attribute, big16, big32, nested } from '../../src/netlink-attributes.ts'

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')
const joined = (text: string): string => text.replaceAll(/\s/g, '')

const V4: FlowEnds = {
  ipproto: 6,
  src: Uint8Array.of(192, 0, 2, 1),
  dst: Uint8Array.of(198, 51, 100, 2),
  srcPort: 50_000,
  dstPort: 443,
}
const V6: FlowEnds = { ...V4, src: new Uint8Array(16).fill(0x20), dst: new Uint8Array(16).fill(0x30) }

/** CTA_TUPLE_ORIG with CTA_TUPLE_IP and CTA_TUPLE_PROTO inside, as in linux/netfilter/nfnetlink_conntrack.h. */
const TUPLE = `3400 0180
  1400 0180 0800 0100 c0000201 0800 0200 c6336402
  1c00 0280 0500 0100 06 000000 0600 0200 c350 0000 0600 0300 01bb 0000`

/** What the kernel says of a connection whose client has another address outside. */
function entry(...attributes: readonly Uint8Array[]): Uint8Array {
  const answered = nested(
    2,
    nested(1, attribute(1, V4.dst), attribute(2, Uint8Array.of(203, 0, 113, 9))),
    nested(2, attribute(1, Uint8Array.of(6)), attribute(2, big16(443)), attribute(3, big16(61_000))),
  )
  return netfilterMessage({ type: 0x0100, flags: 0, family: 2 }, attribute(3, big32(0x18e)), answered, ...attributes)
}

suite('what is asked of connection tracking', () => {
  test('names one entry by its ends', () => {
    assert.equal(hex(askForEntry(V4)), joined(`48000000 0101 0100 00000000 00000000 0200 0000 ${TUPLE}`))
    const v6 = hex(askForEntry(V6))
    assert.equal(v6.slice(32, 34), '0a')
    assert.ok(v6.includes(joined(`1400 0300 ${'20'.repeat(16)} 1400 0400 ${'30'.repeat(16)}`)))
  })

  test('changes nothing but what is said', () => {
    const timeout = `${joined(`50000000 0001 0500 00000000 00000000 0200 0000 ${TUPLE}`)}0800070000000e10`
    assert.equal(hex(changeEntry(V4, { timeoutSeconds: 3600 })), timeout)
    // IP_CT_TCP_FLAG_BE_LIBERAL, both ways.
    const liberal = '1800 0480 1400 0180 0600 0400 0838 0000 0600 0500 0838 0000'
    assert.ok(hex(changeEntry(V4, { tcpFlags: LIBERAL })).endsWith(joined(liberal)))
  })
})

suite('what connection tracking answers', () => {
  test('is an entry with its status, its state of TCP, and where its server answers', () => {
    const tcp = nested(4, nested(1, attribute(1, Uint8Array.of(ESTABLISHED))))
    assert.deepEqual(decodeEntry(entry(tcp)), {
      status: 0x18e,
      tcpState: ESTABLISHED,
      answeredAt: { address: Uint8Array.of(203, 0, 113, 9), port: 61_000 },
    })
    assert.equal(decodeEntry(entry())?.tcpState, null)
  })

  test('is no entry without a status, of another type, or cut short', () => {
    assert.equal(decodeEntry(netfilterMessage({ type: 0x0100, flags: 0 })), null)
    assert.equal(decodeEntry(netfilterMessage({ type: 0x0101, flags: 0 }, attribute(3, big32(1)))), null)
    const whole = entry()
    for (let length = 0; length < 28; length++) assert.equal(decodeEntry(whole.subarray(0, length)), null, `${length}`)
  })

  test('is an error number, zero where it agrees, and null where it is something else', () => {
    const answer = (errno: number): Uint8Array => {
      const bytes = netfilterMessage({ type: 2, flags: 0 })
      new DataView(bytes.buffer).setInt32(16, -errno, true)
      return bytes
    }
    assert.equal(answeredError(answer(2)), 2)
    assert.equal(answeredError(answer(0)), 0)
    assert.equal(answeredError(entry()), null)
    assert.equal(answeredError(new Uint8Array(6)), null)
  })
})
