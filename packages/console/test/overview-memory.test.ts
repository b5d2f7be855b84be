import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import { OverviewMemory } from '../src/api/overview-memory.ts'

test('who asks meanwhile, or soon after, gets one and the same answer; later it is worked out again', async () => {
  let nowMs = 0
  const begun: number[] = []
  const memory = new OverviewMemory(
    async (hours) => {
      begun.push(hours)
      await Promise.resolve()
      nowMs += 50
      return `${hours} h at ${nowMs}`
    },
    () => nowMs,
  )
  assert.deepEqual(await Promise.all([memory.at(24), memory.at(24)]), ['24 h at 50', '24 h at 50'])
  nowMs = 50 + 499
  assert.equal(await memory.at(24), '24 h at 50')
  nowMs = 50 + 90_000 + 50 * 150
  assert.equal(await memory.at(24), '24 h at 97600')
  assert.equal(await memory.at(1), '1 h at 97650')
  assert.deepEqual(begun, [24, 24, 1])
})

test('one that is over is given at once while it is not old, and it is said when the next is there', async () => {
  let nowMs = 0
  let said = 0
  const memory = new OverviewMemory(
    async () => {
      await Promise.resolve()
      nowMs += 50
      return nowMs
    },
    () => nowMs,
    () => void said++,
  )
  await memory.at(24)
  nowMs = 60_000
  assert.deepEqual(await Promise.all([memory.at(24), memory.at(24)]), [50, 50])
  await turn()
  assert.equal(await memory.at(24), 60_050)
  assert.equal(said, 1)
})

test('one that is kept ready is told about to nobody, and is what who asks gets', async () => {
  let nowMs = 0
  const memory = new OverviewMemory(
    async () => (nowMs += 50),
    () => nowMs,
    () => assert.fail('told'),
  )
  assert.equal(await memory.renew(24), 50)
  nowMs = 400
  assert.equal(await memory.renew(24), 50)
  assert.equal(await memory.at(24), 450)
})

test('of an answer that lacks something it is said when it is over: once, also where that is known before it is there', async () => {
  let nowMs = 0
  const said: number[] = []
  const memory = new OverviewMemory(
    async () => void (nowMs += 50),
    () => nowMs,
    (afterMs) => said.push(nowMs + afterMs),
  )
  memory.outdated()
  assert.deepEqual(said, [])
  await memory.at(24)
  nowMs = 300
  memory.outdated()
  memory.outdated()
  assert.deepEqual(said, [550])
  nowMs = 550
  const asked = memory.at(24)
  memory.outdated()
  await asked
  assert.deepEqual(said, [550, 1100])
})

test('what failed is asked again', async () => {
  let isDown = true
  const memory = new OverviewMemory(
    async () => {
      if (isDown) throw new Error('the store is down')
      return 'up'
    },
    () => 0,
  )
  await assert.rejects(memory.at(24), /is down/)
  isDown = false
  assert.equal(await memory.at(24), 'up')
})
