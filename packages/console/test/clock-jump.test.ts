import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { FlowStore, parseStoredFlow, StateStore, type StoredFlow } from '@sallyport/store'
import { ClockWatch } from '../src/desk/clock-watch.ts'
import { detectOnce } from '../src/desk/keep-detecting.ts'
import { KnownToDetectors } from '../src/desk/known-to-detectors.ts'

const START = Date.parse('2026-10-01T12:00:00Z')
const [MINUTE, HOUR, DAY] = [60_000, 3_600_000, 86_400_000]

/** Calls of the last two hours, one every two minutes. */
function timer(destination: string, nowMs: number): readonly StoredFlow[] {
  return Array.from({ length: 60 }, (_, at) => {
    const facts = {
      time: nowMs - at * 2 * MINUTE,
      app: `/opt/${destination}`,
      domain: destination,
      port: 443,
      transport: 'tcp',
    }
    const flow = parseStoredFlow(JSON.stringify(facts))
    assert.ok(!('problem' in flow))
    return flow
  })
}

test('a clock that jumps a year ahead and back raises nothing twice, and nothing new stays unsaid', async (context) => {
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-clock-'))
  context.after(() => rmSync(folder, { recursive: true, force: true }))
  using store = await FlowStore.open()
  await using state = await StateStore.open(join(folder, 'state.db'))
  const [known, clock] = [new KnownToDetectors(store, state, () => 0), new ClockWatch()]
  const usual = Array.from({ length: 15 }, (_, index) => `timer${index}.example`)
  let batch = 0
  const look = async (
    nowMs: number,
    monotonicMs: number,
    destinations: readonly string[],
  ): Promise<readonly string[]> => {
    const flows = destinations.flatMap((each) => timer(each, nowMs))
    await store.ingest({ id: `batch${batch++}`, flows }, nowMs)
    const raised: string[] = []
    await detectOnce(
      {
        store,
        state,
        nowMs: () => nowMs,
        monotonicMs: () => monotonicMs,
        onAlerts: (alerts) => raised.push(...alerts.map(({ destination }) => destination)),
        onFailure: (error) => assert.fail(String(error)),
      },
      known,
      clock,
    )
    return raised.toSorted()
  }

  assert.deepEqual(await look(START, 0, usual), usual.toSorted())
  assert.deepEqual(await look(START + 365 * DAY, 2 * HOUR, usual), [], 'a year ahead')
  assert.deepEqual(await look(START + 365 * DAY + HOUR, 3 * HOUR, [...usual, 'c2.example']), ['c2.example'])
  assert.deepEqual(await look(START + 4 * HOUR, 4 * HOUR, [...usual, 'other.example']), ['other.example'], 'and back')
  assert.deepEqual(
    await look(START + 30 * HOUR, 30 * HOUR, [...usual, 'last.example']),
    ['last.example'],
    'a day later',
  )
  const { alerts } = await state.alerts.list({ limit: 100 })
  assert.equal(alerts.length, usual.length + 3)
  assert.ok(alerts.every(({ numbers }) => Object.values(numbers).every(Number.isFinite)))
})
