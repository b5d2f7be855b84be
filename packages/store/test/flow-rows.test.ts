import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { formatAddress, parseAddress, sameAddress } from '@sallyport/net'
import fc from 'fast-check'
import { FlowStore, parseFilter } from '../src/index.ts'
import { FlowRowWriter } from '../src/ingest/flow-row-writer.ts'
import { decidingFacts } from '../src/ingest/flow-rows.ts'

const NOW = Date.parse('2026-10-01T12:00:00Z')

test('facts in another order are the same facts', () => {
  const one = { port: 1, transport: 'tcp', bytesOut: 3, time: 1 }
  const other = { transport: 'tcp', port: 1, time: 2 }
  assert.equal(decidingFacts(one), decidingFacts(other))
})

suite('rows as the store takes them', () => {
  const address = fc.oneof(
    fc.ipV4(),
    fc.ipV6(),
    fc.constantFrom('::ffff:192.0.2.1', '1.2.3', '256.1.1.1', '1.2.3.4.5', '01.2.3.4', '', 'x', '1..2.3'),
  )
  test('an address is the one that the policy language reads, or none', async () => {
    using store = await FlowStore.open()
    const texts = fc.sample(address, { numRuns: 300, seed: 7 })
    const rows = new FlowRowWriter('addresses', NOW)
    for (const dst of texts) rows.add({ dst })
    await store.ingest({ id: 'addresses', flows: rows.rows }, NOW)
    for (const text of new Set(texts)) {
      const parsed = parseAddress(text)
      if (parsed === null) continue
      const filter = parseFilter([`ip:${formatAddress(parsed)}`], NOW)
      const [found] = await store.top('verdict', filter, 1)
      assert.equal(
        found?.flows,
        texts.filter((each) => parseAddress(each) && sameAddress(parseAddress(each)!, parsed)).length,
      )
    }
  })

  test('texts of any length and letters come back as they were', async () => {
    using store = await FlowStore.open()
    const users = fc.sample(fc.string({ unit: 'grapheme', maxLength: 300 }), { numRuns: 200, seed: 3 })
    const rows = new FlowRowWriter('texts', NOW)
    for (const user of users) rows.add({ user })
    await store.ingest({ id: 'texts', flows: rows.rows }, NOW)
    const { flows } = await store.list([], { limit: 1000 })
    assert.deepEqual(flows.map(({ user }) => user).toSorted(), users.toSorted())
  })

  test('more texts than are looked for at once come back, each once', async () => {
    using store = await FlowStore.open()
    const rows = new FlowRowWriter('many', NOW)
    const users = Array.from({ length: 40_000 }, (_, n) => `user-${(n * 7919) % 30_000}`)
    for (const user of users) rows.add({ user, boundNames: user.endsWith('0') ? [] : [user, 'x.example'] })
    await store.ingest({ id: 'many', flows: rows.rows }, NOW)
    const top = await store.top('user', [], 40_000)
    const counts = Map.groupBy(users, (user) => user)
    assert.deepEqual(
      new Map(top.map(({ key, flows }) => [key, flows])),
      new Map([...counts].map(([user, all]) => [user, all.length])),
    )
    const [named] = await store.top('verdict', parseFilter(['domain:user-7'], NOW), 1)
    assert.equal(named?.flows, counts.get('user-7')?.length)
  })
})
