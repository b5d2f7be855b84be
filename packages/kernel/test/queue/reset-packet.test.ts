import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseSegment } from '../../src/queue/parse-segment.ts'
import { resetPacket } from '../../src/queue/reset-packet.ts'

const ENDS = {
  4: [Uint8Array.of(10, 77, 0, 10), Uint8Array.of(198, 51, 100, 10)],
  16: [
    Uint8Array.of(0xfd, 0x77, ...Array(13).fill(0), 0x10),
    Uint8Array.of(0x20, 1, 0xd, 0xb8, ...Array(11).fill(0), 0x10),
  ],
} as const

/** RFC 1071: over what bears its own checksum, the sum is all ones. */
function sum(...parts: readonly Uint8Array[]): number {
  const bytes = Buffer.concat(parts)
  let total = 0
  for (let at = 0; at < bytes.length; at += 2) total += bytes.readUInt16BE(at)
  while (total > 0xffff) total = (total & 0xffff) + (total >>> 16)
  return total
}

for (const [length, [src, dst]] of Object.entries(ENDS))
  test(`a reset between addresses of ${length} octets says its ends and its number, and adds up`, () => {
    const packet = resetPacket({ src, dst, srcPort: 50_000, dstPort: 443, seq: 0xfffffffe })
    const segment = parseSegment(packet)
    assert.ok(segment !== null)
    assert.deepEqual([...segment.src, ...segment.dst], [...src, ...dst])
    assert.deepEqual([segment.srcPort, segment.dstPort, segment.seq], [50_000, 443, 0xfffffffe])
    const head = src.length === 4 ? 20 : 40
    const tcp = packet.subarray(head)
    assert.equal(tcp[13], 4, 'RST alone')
    assert.equal(sum(src, dst, Uint8Array.of(0, tcp.length, 0, 6), tcp), 0xffff)
    if (head === 20) assert.equal(sum(packet.subarray(0, head)), 0xffff)
  })
