import assert from 'node:assert/strict'
import { CaptureReader, FlowTable, type FlowRow } from '@sallyport/wire'
import { nodeCrypto } from '../identify/node-crypto.ts'
import { linkCaptures, pcapBytes, pcapngBytes } from './capture-bytes.fixture.ts'
import type { Fuzzer } from './run-fuzzer.ts'

/** A capture gives the same flows in any pieces. */
export const fuzzCapture: Fuzzer = {
  corpus: () => [pcapBytes(), pcapngBytes(), ...linkCaptures()],
  parse(bytes, random) {
    const rows = flowsOf([bytes])
    const cut = random(bytes.length + 1)
    assert.deepEqual(flowsOf([bytes.subarray(0, cut), bytes.subarray(cut)]), rows)
    return rows.length > 0
  },
}

function flowsOf(pieces: readonly Uint8Array[]): readonly FlowRow[] {
  const [reader, table] = [new CaptureReader(), new FlowTable(nodeCrypto, 8)]
  for (const piece of pieces) for (const packet of reader.push(piece)) table.add(packet)
  reader.finish()
  return table.finish()
}
