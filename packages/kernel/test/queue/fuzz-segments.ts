import assert from 'node:assert/strict'
import { parsePacket } from '../../src/queue/parse-packet.ts'
import { parseSegment } from '../../src/queue/parse-segment.ts'

const PACKETS = [
  '450000300007000040060000c0000201c6336401c35001bb000000010000000250180100000000000a0b0c0d0e0f1011',
  '450000210007000040110000c0000201c6336401c3500035000d00000a0b0c0d0e',
  `46000034000700004006 0000c0000201c633640101010101c35001bb00000001000000028018010000000000010101010a0b0c0d`,
  `600000000020063f${'20010db8000000000000000000000001'.repeat(2)}c35001bb0000000100000002500201000000000a0b0c0d0e`,
  `60000000001c3c3f${'20010db8000000000000000000000001'.repeat(2)}2c000104000000001100000000000001c3500035000c00000a0b0c0d`,
].map((hex) => Uint8Array.from(Buffer.from(hex.replaceAll(' ', ''), 'hex')))

/** For `npm run fuzz -- segments`: what is read of a packet that was held lies within it, and both readers agree on its ends. */
export const fuzzSegments: {
  readonly corpus: () => readonly Uint8Array[]
  readonly parse: (bytes: Uint8Array) => boolean
} = {
  corpus: () => PACKETS,
  parse(bytes) {
    const segment = parseSegment(bytes)
    const packet = parsePacket(bytes)
    if (segment === null) return false
    const { payload, src, dst, srcPort, dstPort, transport } = segment
    assert.ok(payload.byteOffset >= bytes.byteOffset + 28)
    assert.ok(payload.byteOffset + payload.length === bytes.byteOffset + bytes.length)
    const number = transport === 'tcp' ? 6 : 17
    assert.deepEqual({ transport: number, src, dst, srcPort, dstPort }, packet)
    return true
  },
}
