import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { FlowStore, parseFilter } from '../src/index.ts'
import { planRoom, type Part } from '../src/room/plan-room.ts'
import { ALLOWED, stored } from './stored-flows.ts'

const HOUR = 3_600_000
const START = Date.parse('2026-10-01T00:00:00Z')
const part = (firstHour: number, lastHour: number, bytes = 100): Part => ({
  name: `${firstHour}`,
  bytes,
  firstMs: START + firstHour * HOUR,
  lastMs: START + lastHour * HOUR,
})
const DAY_OF_PARTS = [part(6, 11.9), part(0, 5.5), part(12, 17.5), part(18, 23.5)]
const hours = (timeMs: number | null): number | null => (timeMs === null ? null : (timeMs - START) / HOUR)

test('the oldest whole hours go, as much as is needed', () => {
  assert.equal(hours(planRoom(DAY_OF_PARTS, 50, 1000)), 6)
  assert.equal(hours(planRoom(DAY_OF_PARTS, 101, 1000)), 12)
  assert.equal(hours(planRoom([], 1, 1000)), null)
})

test('nothing of the part with the newest flows goes, whatever is needed', () => {
  assert.equal(hours(planRoom(DAY_OF_PARTS, 1e9, 1000)), 18)
  assert.equal(hours(planRoom([part(0.2, 0.4), part(0.5, 0.9)], 50, 1000)), null)
  assert.equal(hours(planRoom([part(0.2, 0.4), part(1.5, 1.9)], 1e9, 1000)), 1)
})

test('a part that cannot be written anew on what is free goes as a whole', () => {
  const overlapping = [part(0, 2), part(1, 9.5, 5000), part(12, 13)]
  assert.equal(hours(planRoom(overlapping, 50, 10_000)), 3)
  assert.equal(hours(planRoom(overlapping, 50, 1000)), 10)
})

test('a store that makes room has the newest flows, and sums that say the same', async (context) => {
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-room-'))
  context.after(() => rmSync(folder, { recursive: true, force: true }))
  using store = await FlowStore.open(join(folder, 'flows'))
  await store.boundParts(1_000_000, 1000)
  for (let batch = 0; batch < 6; batch++)
    await store.ingest(
      {
        id: `batch${batch}`,
        flows: Array.from({ length: 600 }, (_, n) =>
          stored({
            time: new Date(START + batch * 20 * HOUR + n * 10_000).toISOString(),
            domain: `host-${(n * 7919) % 600}.example`,
            port: 443,
            transport: 'tcp',
            verdict: ALLOWED,
          }),
        ),
      },
      START,
    )
  const held = await store.heldRoom()
  assert.deepEqual([held.flows, held.oldestMs], [3600, START])
  const removed = await store.makeRoom(held.bytes / 3, 1e9)
  assert.ok(removed !== null && removed.flows >= 600 && removed.flows < 3600)
  const left = await store.heldRoom()
  assert.ok(left.oldestMs! >= removed.beforeMs)
  assert.equal(left.flows, 3600 - removed.flows)
  for (const by of ['destination', 'port', 'verdict'] as const) {
    const rows = await store.top(by, parseFilter([], START), 1000)
    assert.equal(
      rows.reduce((sum, { flows }) => sum + flows, 0),
      left.flows,
      by,
    )
  }
  assert.deepEqual(
    [...(await store.flowsByHour(0))].map(([, flows]) => flows).reduce((a, b) => a + b),
    left.flows,
  )
})

test('nothing is stored on a disk that has less free than has to be', async (context) => {
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-room-'))
  context.after(() => rmSync(folder, { recursive: true, force: true }))
  using store = await FlowStore.open(join(folder, 'flows'))
  const flows = [stored({ time: new Date(START).toISOString(), port: 443, transport: 'tcp', verdict: ALLOWED })]
  await store.boundParts(1e6, 2 ** 60)
  await assert.rejects(store.ingest({ id: 'a', flows }, START), /free/)
  await store.boundParts(1e6, 1000)
  assert.equal(await store.ingest({ id: 'a', flows }, START), true)
  assert.equal((await store.heldRoom()).flows, 1)
})
