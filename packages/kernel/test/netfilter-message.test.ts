import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { messagesIn, netfilterMessage } from '../src/netfilter-message.ts'
import { attribute, attributesOf, big16, big32, named, nested } from '../src/netlink-attributes.ts'

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')
const octets = (text: string): Uint8Array => new Uint8Array(Buffer.from(text.replaceAll(' ', ''), 'hex'))
const read = (datagram: Uint8Array): string[] => Array.from(messagesIn(datagram), ({ bytes }) => hex(bytes))

suite('a message of netfilter', () => {
  test('has its length and type as this machine writes them, its resource as networks do, and its attributes behind', () => {
    const bytes = netfilterMessage(
      { type: 0x0302, flags: 5, family: 2, resource: 0x1234 },
      attribute(1, octets('aabb')),
    )
    // struct nlmsghdr: length, type, flags, sequence, port; struct nfgenmsg: family, version, resource.
    assert.equal(hex(bytes), '1c000000 0203 0500 00000000 00000000 02 00 1234 0600 0100 aabb 0000'.replaceAll(' ', ''))
  })

  test('without a family or a resource says zero, and without attributes ends with its header', () => {
    assert.equal(
      hex(netfilterMessage({ type: 0x0a10, flags: 1 })),
      `1400000010 0a0100${'00'.repeat(12)}`.replace(' ', ''),
    )
  })
})

suite('the messages of a datagram', () => {
  const first = netfilterMessage({ type: 0x0300, flags: 0 }, named(1, 'a'))
  const second = netfilterMessage({ type: 0x0101, flags: 2, resource: 7 })

  test('are told apart by their lengths, each beginning where four octets do', () => {
    // Not padded: 20 octets of header and 5 of an attribute.
    const odd = octets(`19000000 0003 0000 ${'00'.repeat(12)} 0500 0100 2a`)
    const datagram = Buffer.concat([first, odd, new Uint8Array(3), second])
    assert.deepEqual(read(datagram), [first, odd, second].map(hex))
    assert.deepEqual(
      Array.from(messagesIn(datagram), ({ type, flags }) => [type, flags]),
      [
        [0x0300, 0],
        [0x0300, 0],
        [0x0101, 2],
      ],
    )
  })

  test('end with the first that says less than a header, or more than there is: what is before it counts', () => {
    for (const length of ['00000000', '13000000', '29000000', 'ffffffff'])
      assert.deepEqual(read(Buffer.concat([first, octets(length), second.subarray(4)])), [hex(first)], length)
  })

  test('are none in a datagram that is shorter than a header, and none is read from octets around it', () => {
    for (let length = 0; length < second.length; length++) assert.deepEqual(read(second.subarray(0, length)), [])
    const around = Buffer.concat([new Uint8Array(8).fill(0xff), second, first])
    assert.deepEqual(read(around.subarray(8, 8 + second.length)), [hex(second)])
  })
})

suite('attributes', () => {
  test('have their length with its four octets, are padded to four, and say where others are inside', () => {
    assert.equal(hex(attribute(3, octets('01'))), '0500030001000000')
    assert.equal(hex(named(2, 'nat')), '080002006e617400')
    assert.equal(hex(nested(1, attribute(2, octets('0a000001')))), '0c00018008000200 0a000001'.replace(' ', ''))
    assert.equal(hex(big16(0x1bb)) + hex(big32(0xfffffffe)), '01bbfffffffe')
  })

  test('are read by type, whether they say that others are inside or not', () => {
    const found = attributesOf(Buffer.concat([nested(4, attribute(1, octets('07'))), attribute(9, octets('0102'))]))
    assert.deepEqual([...found.keys()], [4, 9])
    assert.equal(hex(attributesOf(found.get(4)).get(1)!), '07')
  })

  test('whose length cannot be end the list, and none reaches beyond it', () => {
    assert.equal(attributesOf(octets('0300 0100 08000200 0a000001')).size, 0)
    assert.equal(hex(attributesOf(octets('ffff 0100 aabb')).get(1)!), 'aabb')
    assert.equal(attributesOf().size, 0)
  })
})
