import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import type { Alert } from '@sallyport/detect'
import { FlowStore, parseFilter, parseStoredFlow, StateStore } from '@sallyport/store'
import { ClockWatch } from '../src/desk/clock-watch.ts'
import { expireOnce } from '../src/desk/keep-expiring.ts'

const NOW = Date.parse('2026-10-01T12:00:00Z')
const [HOUR, DAY] = [3_600_000, 86_400_000]
const AGES_DAYS = [0, 29, 31, 200]

test('flows and alerts of more days than are kept go, whole days at once; after a jump of the clock nothing does', async (context) => {
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-retention-'))
  context.after(() => rmSync(folder, { recursive: true, force: true }))
  using store = await FlowStore.open()
  await using state = await StateStore.open(join(folder, 'state.db'))
  const flows = AGES_DAYS.map((days) => {
    const flow = parseStoredFlow(JSON.stringify({ time: NOW - days * DAY, user: `u${days}`, port: 443 }))
    assert.ok(!('problem' in flow))
    return flow
  })
  const drops = AGES_DAYS.map(
    (days) => ({ time: new Date(NOW - days * DAY).toISOString(), reason: 'spool-full', count: 1 }) as const,
  )
  await store.ingest({ id: 'all', flows, drops }, NOW)
  for (const days of AGES_DAYS) await state.alerts.record([alert(NOW - days * DAY)], look(NOW))

  let [nowMs, monotonicMs] = [NOW, 0]
  const options = {
    store,
    state,
    keepDays: 30,
    nowMs: () => nowMs,
    monotonicMs: () => monotonicMs,
    onFailure: (error: unknown) => assert.fail(String(error)),
  }
  const kept = async (): Promise<readonly unknown[]> => [
    (await store.list(parseFilter([], NOW), { limit: 10 })).flows.map(({ user }) => user),
    (await state.alerts.list({ limit: 10 })).alerts.map(({ subject }) => subject),
    (await store.drops(0))['spool-full'],
  ]
  const all = ['u0', 'u29', 'u31', 'u200']
  const clock = new ClockWatch()
  clock.hasJumped(nowMs, monotonicMs)

  // A year ahead: as if all of it were old.
  nowMs += 365 * DAY
  assert.equal(await expireOnce(options, clock, null), null)
  nowMs = NOW
  assert.equal(await expireOnce(options, clock, null), null)
  assert.deepEqual(await kept(), [all, all, 4])

  monotonicMs += 26 * HOUR
  nowMs += 26 * HOUR
  const doneMs = await expireOnce(options, clock, null)
  assert.equal(doneMs, Date.parse('2026-09-02T00:00:00Z'))
  assert.deepEqual(await kept(), [['u0', 'u29'], ['u0', 'u29'], 2])
  assert.equal(
    await expireOnce({ ...options, store: { expire: () => assert.fail('twice a day') } }, clock, doneMs),
    doneMs,
  )
})

const look = (nowMs: number): { nowMs: number; latestMs: number; clockJumped: boolean } => ({
  nowMs,
  latestMs: nowMs,
  clockJumped: false,
})

function alert(timeMs: number): Alert {
  return {
    detector: 'beacon',
    severity: 'medium',
    technique: { id: 'T1071', name: 'Application Layer Protocol' },
    subject: `u${Math.round((NOW - timeMs) / DAY)}`,
    destination: 'a.example',
    sentence: 'x calls a.example',
    numbers: {},
    series: [],
    firstMs: timeMs,
    lastMs: timeMs,
  }
}
