import assert from 'node:assert/strict'
import { answeredError, decodeEntry } from '../src/gateway/conntrack-messages.ts'
import { messagesIn, netfilterMessage } from '../src/netfilter-message.ts'
import { attribute, big16, big32, nested } from '../src/netlink-attributes.ts'
import { readMessages } from '../src/queue/queue-messages.ts'

const QUEUED = netfilterMessage(
  { type: 0x0300, flags: 0, family: 2, resource: 9 },
  attribute(1, Uint8Array.of(...big32(7), 8, 0, 3)),
  attribute(3, big32(1)),
  attribute(10, new Uint8Array(60).fill(0x45)),
  attribute(13, big32(1500)),
)
const ENTRY = netfilterMessage(
  { type: 0x0100, flags: 0, family: 2 },
  attribute(3, big32(0x18e)),
  nested(4, nested(1, attribute(1, Uint8Array.of(3)))),
  nested(2, nested(1, attribute(2, Uint8Array.of(203, 0, 113, 9))), nested(2, attribute(3, big16(61_000)))),
)
const ERROR = netfilterMessage({ type: 2, flags: 0 }, ENTRY)

/** For `npm run fuzz -- netlink`: messages lie one after another within their datagram, and so does what is read of each. */
export const fuzzNetlink: {
  readonly corpus: () => readonly Uint8Array[]
  readonly parse: (bytes: Uint8Array) => boolean
} = {
  corpus: () => [QUEUED, ENTRY, ERROR, Buffer.concat([QUEUED, QUEUED, ERROR])],
  parse(datagram) {
    let end = datagram.byteOffset
    for (const { bytes } of messagesIn(datagram)) {
      assert.ok(bytes.byteOffset >= end)
      end = bytes.byteOffset + bytes.length
    }
    assert.ok(end <= datagram.byteOffset + datagram.length)
    const said = [...readMessages(datagram)]
    for (const message of said) if (message.kind === 'packet') assert.ok(message.payload.length <= datagram.length)
    return said.length > 0 || decodeEntry(datagram) !== null || answeredError(datagram) !== null
  },
}
