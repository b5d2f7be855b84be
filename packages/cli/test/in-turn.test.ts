import assert from 'node:assert/strict'
import { test } from 'node:test'
import { inTurn } from '../src/in-turn.ts'

test('what is read later takes its place later, also after a reading that failed', async () => {
  const placed: string[] = []
  const first = Promise.withResolvers<void>()
  const read = inTurn(async (text: string) => {
    if (text === 'first') await first.promise
    if (text === 'broken') throw new Error(text)
    placed.push(text)
  })
  const all = ['first', 'broken', 'last'].map((text) => read(text))
  first.resolve()
  const ended = await Promise.allSettled(all)
  assert.deepEqual(
    ended.map(({ status }) => status),
    ['fulfilled', 'rejected', 'fulfilled'],
  )
  assert.deepEqual(placed, ['first', 'last'])
})
