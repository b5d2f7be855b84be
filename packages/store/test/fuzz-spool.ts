import assert from 'node:assert/strict'
import { readInSteps } from '../src/spool/read-segment.ts'
import { SpoolFrames } from '../src/spool/spool-frame.ts'

const NOW_MS = Date.UTC(2026, 9, 1)
const VERDICT = {
  verdict: 'deny',
  rule: null,
  layer: 'x',
  mode: 'enforce',
  stage: 'dns',
  reason: 'rule',
  explain: '',
} as const

function segment(): Uint8Array {
  const frames = new SpoolFrames()
  for (const port of [443, 22]) {
    const record = { time: '2026-10-01T10:00:00.000Z', dst: '192.0.2.1', port, domain: 'a.example', verdict: VERDICT }
    assert.equal(frames.addFlow(record, NOW_MS), 'added')
  }
  frames.addDrop({ time: '2026-10-01T10:00:00.000Z', reason: 'kernel-events', count: 3 })
  return frames.bytes().slice()
}

/** For `npm run fuzz -- spool`: what a power cut leaves of a segment is flows, and a count of what is missing. */
export const fuzzSpool: {
  readonly corpus: () => readonly Uint8Array[]
  readonly parse: (bytes: Uint8Array) => boolean
} = {
  corpus: () => [segment()],
  parse(bytes) {
    let records = 0
    const reading = readInSteps(bytes, 'b', NOW_MS, () => records++)
    for (let step = reading.next(); ; step = reading.next()) {
      if (step.done !== true) continue
      for (const { count } of step.value.drops) assert.ok(count >= 0)
      return records > 0
    }
  },
}
