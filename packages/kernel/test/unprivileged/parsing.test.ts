import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { readMessages, verdictMessage } from '../../src/queue/queue-messages.ts'
import { parseSocketLine } from '../../src/unprivileged/inside/socket-table.ts'
import { parsePacket } from '../../src/queue/parse-packet.ts'

const hex = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text.replaceAll(' ', ''), 'hex'))

const V4 = '45000028 00004000 40060000 0a090001 0a090002'
const V6 = '60000000 0014 00 40 fd090000000000000000000000000001 fd090000000000000000000000000002'

test('reads ports of IPv4, and past the options', () => {
  const read = parsePacket(hex(`${V4} c3500050`))
  assert.deepEqual(read, { transport: 6, src: hex('0a090001'), dst: hex('0a090002'), srcPort: 50000, dstPort: 80 })
  const withOption = parsePacket(hex(`46${V4.slice(2)} 01010101 c3500051`))
  assert.equal(withOption?.dstPort, 81)
})

test('reads past the extension headers of IPv6', () => {
  const read = parsePacket(hex(`${V6} 3c00010400000000 1100010400000000 c3500035`))
  assert.equal(read?.transport, 17)
  assert.equal(read?.dstPort, 53)
})

test('what does not fit is nothing', () => {
  for (const bytes of [
    '',
    '45',
    V4,
    `${V4} c350`,
    `4f${V4.slice(2)}`,
    V6.slice(0, 40),
    `${V6} 3cff`,
    `55${V4.slice(2)}`,
  ])
    assert.equal(parsePacket(hex(bytes)), null, bytes)
  assert.equal(parsePacket(hex(`${V4.replace('4000 4006', '0001 4006')} c3500050`)), null, 'a later fragment')
  assert.equal(parsePacket(hex(V6 + '2b00000000000000'.repeat(12))), null, 'a chain without end')
})

test('hostile bytes never throw', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), fc.constantFrom(0x40, 0x60, 0), (bytes, version) => {
      if (bytes.length > 0) bytes[0] = version | (bytes[0]! & 15)
      parsePacket(bytes)
      Array.from(readMessages(bytes))
      parseSocketLine(Buffer.from(bytes).toString('latin1'), { src: '', srcPort: 1, dst: '', dstPort: 1 })
    }),
    { numRuns: 5_000 },
  )
})

test('reads a packet message, and writes a verdict', () => {
  const attributes = '0b000100 0000002a 080003 00 08000300 80000001 08000a00 deadbeef'
  const body = `0000000000000000 02000000 ${attributes}`
  const length = (hex(body).length + 8).toString(16).padStart(2, '0')
  const [read] = readMessages(hex(`${length}000000 00030000 ${body}`))
  assert.deepEqual(read, { kind: 'packet', queue: 0, id: 42, mark: 0x80000001, payload: hex('deadbeef'), length: 4 })
  const written = '28000000 01030100 00000000 00000000 00000000 0c000200 00000004 0000002a 08000300 00000002'
  assert.deepEqual(verdictMessage(0, 42, 4, 2), hex(written))
})

test('finds the socket in a line of the kernel’s table', () => {
  const line = '  1: 0100090A:C350 0200090A:0050 02 00000001:00000000 01:00000063 00000000  1002        0 4711 2 0'
  const flow = {
    src: `${'0'.repeat(20)}ffff0a090001`,
    srcPort: 50000,
    dst: `${'0'.repeat(20)}ffff0a090002`,
    dstPort: 80,
  }
  assert.deepEqual(parseSocketLine(line, flow), { inode: '4711', score: 4 })
  assert.equal(parseSocketLine(line, { ...flow, srcPort: 50001 }), null)
  assert.equal(parseSocketLine(line, { ...flow, dstPort: 81 }), null)
  assert.equal(parseSocketLine(line.replace('4711', '0'), flow), null, 'a closed socket has no inode')
})
