import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { attribute, big32 } from '../../src/netlink-attributes.ts'
import { netfilterMessage } from '../../src/netfilter-message.ts'
import {
  bindMessage,
  parametersMessage,
  readMessages,
  verdictMessage,
  VERDICTS,
  type QueueMessage,
} from '../../src/queue/queue-messages.ts'

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')
const joined = (text: string): string => text.replaceAll(' ', '')
const ZEROS = '00000000 00000000'

/** As the kernel hands a packet up: its id, the hook, the mark, the octets, and how long the whole packet is. */
function packet(id: number, ...attributes: readonly Uint8Array[]): Uint8Array {
  const header = attribute(1, Uint8Array.of(...big32(id), 0x08, 0x00, 3))
  return netfilterMessage({ type: 0x0300, flags: 0, family: 2, resource: 9 }, header, ...attributes)
}

suite('what is said to the packet queue', () => {
  test('binds one queue, and asks for so many octets of so many packets, with segments that are not cut yet', () => {
    // NFQA_CFG_CMD: bind, for whatever family.
    assert.equal(hex(bindMessage(9)), joined(`1c000000 0203 0500 ${ZEROS} 0000 0009 0800 0100 01000000`))
    // NFQA_CFG_PARAMS: range and NFQNL_COPY_PACKET; then the most packets, and mask and flags of NFQA_CFG_F_GSO.
    assert.equal(
      hex(parametersMessage(9, 0x1000, 64)),
      joined(
        `38000000 0203 0500 ${ZEROS} 0000 0009 0900 0200 00001000 02 000000
         0800 0300 00000040 0800 0400 00000004 0800 0500 00000004`.replaceAll('\n', ''),
      ),
    )
  })

  test('is a verdict for one packet, with a mark or without', () => {
    const drop = joined(`20000000 0103 0100 ${ZEROS} 0000 0009 0c00 0200 00000000 00000005`)
    assert.equal(hex(verdictMessage(9, 5, VERDICTS.drop, null)), drop)
    const repeat = hex(verdictMessage(9, 5, VERDICTS.repeat, 0xfffffff0))
    assert.equal(repeat, joined(`28000000 0103 0100 ${ZEROS} 0000 0009 0c00 0200 00000004 00000005 0800 0300 fffffff0`))
  })
})

suite('what the packet queue says', () => {
  const payload = Uint8Array.of(0x45, 0, 0, 4)

  test('is a packet with its id, mark, octets and whole length', () => {
    const message = packet(7, attribute(3, big32(0x80000001)), attribute(10, payload), attribute(13, big32(1500)))
    const expected: QueueMessage = { kind: 'packet', queue: 9, id: 7, mark: 0x80000001, payload, length: 1500 }
    assert.deepEqual([...readMessages(message)], [expected])
  })

  test('is a packet that is all there when nothing is said of its length', () => {
    const [message] = readMessages(packet(7, attribute(10, payload)))
    assert.equal(message?.kind === 'packet' && message.length, payload.length)
  })

  test('keeps its octets when the buffer is used for the next datagram', () => {
    const datagram = packet(7, attribute(10, payload))
    const [message] = readMessages(datagram)
    datagram.fill(0)
    assert.deepEqual(message?.kind === 'packet' && message.payload, payload)
  })

  test('is an error by its number, and what is neither is passed over', () => {
    const error = netfilterMessage({ type: 2, flags: 0 })
    new DataView(error.buffer).setInt32(16, -105, true)
    const unknown = netfilterMessage({ type: 0x0399, flags: 0 })
    assert.deepEqual([...readMessages(Buffer.concat([unknown, error]))], [{ kind: 'error', errno: 105 }])
  })

  test('is no packet without an id, which no verdict could name', () => {
    assert.deepEqual([...readMessages(netfilterMessage({ type: 0x0300, flags: 0 }, attribute(10, payload)))], [])
  })
})
