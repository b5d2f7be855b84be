import assert from 'node:assert/strict'
import { test } from 'node:test'
import { findTransport } from '../../src/queue/parse-packet.ts'
import { parseSegment } from '../../src/queue/parse-segment.ts'
import { unreachablePacket } from '../../src/queue/unreachable-packet.ts'
import { ENDS, sum } from './packet-sums.ts'

for (const [length, [src, dst]] of Object.entries(ENDS))
  test(`what refuses a datagram between addresses of ${length} octets goes to its sender, quotes it, and adds up`, () => {
    const payload = new Uint8Array(1200)
    const packet = unreachablePacket({ src, dst, srcPort: 50_000, dstPort: 443, payload })
    const isIpv4 = src.length === 4
    const found = findTransport(packet)
    assert.deepEqual(found?.dst, src)
    const message = packet.subarray(found.at)
    assert.deepEqual([found.transport, message[0], message[1]], isIpv4 ? [1, 3, 13] : [58, 1, 1])
    const pseudo = isIpv4 ? [] : [src, src, Uint8Array.of(0, message.length, 0, 58)]
    assert.equal(sum(...pseudo, message), 0xffff)
    if (isIpv4) assert.equal(sum(packet.subarray(0, found.at)), 0xffff)
    const quoted = parseSegment(message.subarray(8))
    assert.deepEqual([quoted?.transport, quoted?.src, quoted?.dst], ['udp', src, dst])
    assert.deepEqual([quoted?.srcPort, quoted?.dstPort], [50_000, 443])
  })
