import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { EMPTY_WORLD } from '@sallyport/policy'
import { StateStore } from '@sallyport/store'
import { HostControl } from '../src/up/host-control.ts'
import type { PolicyChange } from '../src/up/policy-change.ts'
import { PolicyCopy } from '../src/up/policy-copy.ts'
import { Outage } from './outage.ts'

const NOW = Date.parse('2026-10-01T12:00:00Z')

const change = (name: string, confirmSeconds: number | null = null): PolicyChange => {
  const text = `sallyport: 1\nname: ${name}\nrules: [{ id: a, action: allow, to: [${name}.example] }]\n`
  return { files: [{ file: 'p.yaml', text }], mode: 'enforce', author: 'ann', reason: '', confirmSeconds }
}

/** A host whose state database is another's: it may be away, and come back as it was. */
async function host(context: TestContext, store: StateStore, directory = newDirectory(context)) {
  const enforced: string[] = []
  const notices: string[] = []
  const clock = { nowMs: NOW }
  const start = (): HostControl =>
    new HostControl({
      state: store,
      copy: new PolicyCopy(directory),
      worldFor: async () => EMPTY_WORLD,
      namesFor: async () => ({}),
      nowMs: () => clock.nowMs,
      monotonicMs: () => clock.nowMs,
      onNotice: (text) => notices.push(text),
      enforce: async ({ layers }) => void enforced.push(layers[0]!.name),
    })
  return { control: start(), start, enforced, notices, clock, directory }
}

function newDirectory(context: TestContext): string {
  const directory = mkdtempSync(join(tmpdir(), 'sallyport-held-'))
  context.after(() => rmSync(directory, { recursive: true }))
  return directory
}

test('what held goes on at a start while the state database is away, and the copy is its owner’s alone', async (context) => {
  await using database = await StateStore.open(':memory:')
  const outage = new Outage(database)
  const { control, start, enforced, directory } = await host(context, outage.store)
  await control.resume()
  await control.apply(change('a'))
  outage.isAway = true
  const again = start()
  await again.resume()
  assert.deepEqual(enforced.slice(1), ['a', 'a'])
  assert.equal(again.status().version, 1)
  assert.match(again.status().stateProblem ?? '', /away/)
  assert.equal(statSync(join(directory, 'policy-copy.json')).mode & 0o077, 0)
})

test('a trial ends in its time while the database is away, which is told when it is back', async (context) => {
  await using database = await StateStore.open(':memory:')
  const outage = new Outage(database)
  const { control, enforced, clock, notices } = await host(context, outage.store)
  await control.apply(change('a'))
  await control.apply(change('b', 60))
  outage.isAway = true
  clock.nowMs += 60_000
  await control.tick()
  assert.deepEqual(enforced, ['a', 'b', 'a'])
  await control.catchUp()
  assert.equal((await database.policies.inForce()).version, 2, 'it could not be told')
  outage.isAway = false
  await control.catchUp()
  assert.deepEqual(await database.policies.inForce(), { version: 1, confirmed: 1, confirmByMs: null })
  assert.equal(control.status().stateProblem, null)
  const { target } = (await database.audit.list(1))[0]!
  assert.equal(target, 'version 2 was not confirmed')
  assert.match(notices.at(-1)!, /answers again/)
})

test('a policy that is applied while the database is away holds, outlives a start, and gets its number afterwards', async (context) => {
  await using database = await StateStore.open(':memory:')
  const outage = new Outage(database)
  const { control, start, enforced } = await host(context, outage.store)
  await control.apply(change('a'))
  outage.isAway = true
  await control.apply(change('b'))
  await assert.rejects(control.rollback('ann', 1), { code: 'state-unavailable' })
  // Meanwhile, and unknown to this host.
  const { confirmSeconds: _none, ...other } = change('c')
  await database.policies.apply({ ...other, mode: 'monitor', createdMs: NOW, confirmByMs: null })
  const again = start()
  await again.resume()
  assert.deepEqual(enforced, ['a', 'b', 'b'])
  outage.isAway = false
  await again.catchUp()
  assert.equal(again.status().version, 3)
  assert.equal((await database.policies.inForce()).version, 3)
  assert.deepEqual((await database.policies.get(3))?.files, change('b').files)
  assert.deepEqual(
    (await database.audit.list(10)).map(({ action }) => action),
    ['apply', 'apply'],
  )
  await again.rollback('ann', 1)
  assert.equal(enforced.at(-1), 'a')
})

test('an answer that was lost with the connection is not kept twice', async (context) => {
  await using database = await StateStore.open(':memory:')
  const outage = new Outage(database)
  const { control } = await host(context, outage.store)
  outage.losesAnswers = true
  await control.apply(change('a'))
  outage.losesAnswers = false
  await control.catchUp()
  assert.equal((await database.policies.list()).length, 1)
  assert.equal(control.status().version, 1)
})

test('without copy and database there is no start without a policy that is given', async (context) => {
  await using database = await StateStore.open(':memory:')
  const outage = new Outage(database)
  outage.isAway = true
  const { control, enforced, directory } = await host(context, outage.store)
  await assert.rejects(control.resume(), { code: 'state-unavailable' })
  await assert.rejects(control.recall(null), { code: 'state-unavailable' })
  writeFileSync(join(directory, 'policy-copy.json'), '{"current":')
  await assert.rejects(control.resume(), { code: 'state-unavailable' })
  await control.recall({ current: null, confirmed: null, confirmByMs: null })
  await control.apply(change('a'))
  assert.deepEqual(enforced, ['a'])
  assert.match(readFileSync(join(directory, 'policy-copy.json'), 'utf8'), /"isAhead":true/)
})
