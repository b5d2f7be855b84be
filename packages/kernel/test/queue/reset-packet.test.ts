import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseSegment } from '../../src/queue/parse-segment.ts'
import { resetPacket } from '../../src/queue/reset-packet.ts'
import { ENDS, sum } from './packet-sums.ts'

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
