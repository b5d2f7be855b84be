import assert from 'node:assert/strict'
import { test } from 'node:test'
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
  nowMs = 50 + 500
  assert.equal(await memory.at(24), '24 h at 600')
  assert.equal(await memory.at(1), '1 h at 650')
  assert.deepEqual(begun, [24, 24, 1])
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
