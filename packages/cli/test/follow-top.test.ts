import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { TopRow } from '@sallyport/store'
import { followTop } from '../src/output/follow-top.ts'

const row = (flows: number): TopRow => ({
  key: 'a.example',
  flows,
  denied: 0,
  bytesOut: 0,
  bytesIn: 0,
  firstSeen: '2026-10-01T00:00:00.000Z',
  lastSeen: '2026-10-01T00:00:00.000Z',
})

test('the busiest are shown again when they have changed, with what was taken in before, until the signal', async () => {
  let takenIn = 0
  const stopped = new AbortController()
  const store = { takeIn: async () => void takenIn++ }
  const shown: number[] = []
  // Two looks find the same.
  const look = async (): Promise<readonly TopRow[]> => [row(Math.ceil(takenIn / 2))]
  for await (const [busiest] of followTop(store, look, stopped.signal, 1)) {
    shown.push(busiest!.flows)
    if (shown.length === 3) stopped.abort()
  }
  assert.deepEqual([shown, takenIn], [[1, 2, 3], 5])
})
