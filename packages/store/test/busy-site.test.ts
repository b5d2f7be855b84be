import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, suite, test } from 'node:test'
import { detectAll, NOTHING_KNOWN, type Alert } from '@sallyport/detect'
import { FlowStore, observedFlow, parseStoredFlow, type StoredFlow } from '../src/index.ts'
import { openEmbedded } from '../src/engine/open-embedded.ts'
import { fillBusySite } from './busy-site.ts'

const NOW = Date.parse('2026-10-04T12:00:00Z')
const [MINUTE, HOUR, DAY] = [60_000, 3_600_000, 86_400_000]
const SITE = { flows: 1_000_000, untilMs: NOW, days: 3, users: 100 }

function flow(timeMs: number, app: string, domain: string, more: object = {}): StoredFlow {
  const facts = { time: Math.round(timeMs), user: 'user7', app, domain, port: 443, transport: 'tcp', protocol: 'tls' }
  const stored = parseStoredFlow(JSON.stringify({ ...facts, ...more }))
  assert.ok(!('problem' in stored), JSON.stringify(stored))
  return stored
}

/** Jitter of a fifth, every tenth call lost. */
function calls(domain: string, periodMs: number): readonly StoredFlow[] {
  const count = Math.floor((SITE.days * DAY) / periodMs)
  return Array.from({ length: count }, (_, at) => {
    const jitterMs = periodMs * 0.2 * Math.sin(at * 12.9898)
    return flow(NOW - (at + 0.5) * periodMs + jitterMs, '/usr/bin/app-3', domain, { bytesOut: 400 + ((at * 7) % 30) })
  }).filter((_, at) => at % 10 !== 4)
}

suite('what hides among a million flows of three days', () => {
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-busy-'))
  let alerts: readonly Alert[] = []
  let newestAlone: readonly Alert[] = []
  after(() => rmSync(folder, { recursive: true, force: true }))

  before(async () => {
    const directory = join(folder, 'flows')
    ;(await FlowStore.open(directory))[Symbol.dispose]()
    {
      using engine = openEmbedded(directory)
      await fillBusySite(engine, SITE)
    }
    using store = await FlowStore.open(directory)
    const flows = [
      ...calls('every-20-minutes.example', 20 * MINUTE),
      ...calls('every-2-hours.example', 2 * HOUR),
      ...[0, 1, 2, 3].map((part) =>
        flow(NOW - 9 * HOUR + part * MINUTE, '/usr/bin/app-4', 'drop.example', { bytesOut: 5e8, bytesIn: 1e6 }),
      ),
      flow(NOW - 20 * HOUR, '/usr/bin/app-5', 'shell.example', { durationMs: 8 * HOUR, bytesOut: 9, bytesIn: 9 }),
    ]
    await store.ingest({ id: 'hidden', flows }, NOW)
    const { flows: newest } = await store.list([], { limit: 100_000 })
    const observed = newest.flatMap((record) => observedFlow(record) ?? [])
    const detectors = ['beacon', 'upload-volume', 'long-connection'] as const
    newestAlone = detectAll(observed, detectors, NOTHING_KNOWN)
    alerts = detectAll(observed, detectors, { ...NOTHING_KNOWN, past: await store.past(NOW - 30 * DAY, NOW) })
  })

  const foundBy = (detector: Alert['detector']): readonly string[] =>
    alerts
      .filter((alert) => alert.detector === detector)
      .map(({ subject, destination }) => `${subject} → ${destination}`)
      .toSorted()

  test('is not in the newest hundred thousand of them', () => {
    assert.deepEqual(newestAlone, [])
  })

  test('timers of twenty minutes and of two hours are found, and nobody’s browsing is taken for one', () => {
    assert.deepEqual(foundBy('beacon'), [
      'user7 /usr/bin/app-3 → every-2-hours.example',
      'user7 /usr/bin/app-3 → every-20-minutes.example',
    ])
  })

  test('two gigabytes that left nine hours ago are', () => {
    assert.deepEqual(foundBy('upload-volume'), ['user7 /usr/bin/app-4 → drop.example'])
  })

  test('a connection of eight hours that ended in the night is', () => {
    assert.deepEqual(foundBy('long-connection'), ['user7 /usr/bin/app-5 → shell.example'])
  })
})
