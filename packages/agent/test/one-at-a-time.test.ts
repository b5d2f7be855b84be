import assert from 'node:assert/strict'
import { test } from 'node:test'
import { oneAtATime } from '../src/host/one-at-a-time.ts'

test('calls while it runs are one run after it, which sees what was last', async () => {
  let [value, running, most] = [0, 0, 0]
  const seen: number[] = []
  const ends: (() => void)[] = []
  const look = oneAtATime(async () => {
    most = Math.max(most, ++running)
    const at = value
    await new Promise<void>((end) => ends.push(end))
    seen.push(at)
    running--
  })
  const settled = (): Promise<void> => new Promise((next) => setImmediate(next))
  for (value = 1; value <= 3; value++) look()
  ends.shift()!()
  await settled()
  ends.shift()!()
  await settled()
  assert.deepEqual([seen, ends.length, most], [[1, 4], 0, 1])
  look()
  assert.equal(ends.length, 1)
})
