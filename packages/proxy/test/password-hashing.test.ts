import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { hashSync } from 'bcryptjs'
import { PasswordHashing } from '../src/identity/password-hashing.ts'

const HASH = hashSync('secret', 6)

suite('passwords are hashed beside those who are served', () => {
  test('and hold or do not', async () => {
    const hashing = new PasswordHashing()
    assert.equal(await hashing.compare('ann', 'secret', HASH), true)
    assert.equal(await hashing.compare('ann', 'wrong', HASH), false)
    assert.equal(await hashing.compare('ann', 'secret', 'no hash'), false)
  })

  test('in turns: who guesses waits for himself', async () => {
    const hashing = new PasswordHashing()
    const order: string[] = []
    const ask = async (client: string): Promise<void> => {
      await hashing.compare(client, 'wrong', HASH)
      order.push(client)
    }
    const guesses = Array.from({ length: 60 }, () => ask('guesser'))
    await ask('ann')
    assert.ok(order.indexOf('ann') <= 2, order.join())
    await Promise.all(guesses)
  })

  test('and nobody has more than his share of those who wait', async () => {
    const hashing = new PasswordHashing()
    const right = await Promise.all(Array.from({ length: 200 }, () => hashing.compare('ann', 'secret', HASH)))
    const held = right.filter(Boolean).length
    assert.ok(held >= 64 && held < 70, String(held))
  })
})
