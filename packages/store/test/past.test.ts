import assert from 'node:assert/strict'
import { test } from 'node:test'
import { FlowStore, parseStoredFlow, type StoredFlow } from '../src/index.ts'

const NOW = Date.parse('2026-10-01T12:00:00Z')

function stored(facts: object): StoredFlow {
  const flow = parseStoredFlow(JSON.stringify(facts))
  assert.ok(!('problem' in flow), JSON.stringify(flow))
  return flow
}

test('the past says who went where, since when, on how many days; half of one is none', async () => {
  using store = await FlowStore.open()
  assert.equal(await store.past(0, NOW), null)
  const at = (day: number, facts: object): StoredFlow =>
    stored({ time: NOW - day * 86_400_000, port: 443, transport: 'tcp', ...facts })
  const flows = [
    at(10, { app: '/usr/bin/apt', domain: 'deb.example', user: 'root' }),
    at(2, { app: '/usr/bin/apt', domain: 'deb.example', user: 'ann' }),
    at(2, { app: '/usr/bin/apt', domain: 'deb.example', user: 'ann' }),
    at(1, { src: '192.0.2.9', dst: '198.51.100.1' }),
    at(40, { app: '/usr/bin/old', domain: 'old.example' }),
  ]
  await store.ingest({ id: 'past', flows }, NOW)
  const past = await store.past(NOW - 30 * 86_400_000, NOW)
  assert.equal(past?.sinceMs, NOW - 10 * 86_400_000)
  assert.equal(past?.users, 3)
  assert.deepEqual(
    past?.habits
      .map(({ subject, destination, flows: count, days, users }) => [subject, destination, count, days, users])
      .toSorted(),
    [
      ['/usr/bin/apt', 'deb.example', 3, 2, 2],
      ['192.0.2.9', '198.51.100.1', 1, 1, 1],
    ],
  )
})

test('the past says what was sent each hour by who sent much, what was open for hours, and which calls may be a timer’s', async () => {
  using store = await FlowStore.open()
  const hour = 3_600_000
  const at = (hoursAgo: number, facts: object): StoredFlow =>
    stored({ time: NOW - hoursAgo * hour, port: 443, transport: 'tcp', user: 'ann', ...facts })
  const calls = Array.from({ length: 12 }, (_, index) =>
    at(index * 8, { app: '/usr/bin/python3', domain: 'c2.example' }),
  )
  const often = Array.from({ length: 60 }, (_, index) =>
    at(index * 0.3, { app: '/usr/bin/perl', domain: 'often.example', bytesOut: 300 }),
  )
  const people = Array.from({ length: 60 }, (_, index) =>
    at(index ** 3 / 9500, { app: '/usr/bin/firefox', domain: 'news.example', bytesOut: 300 }),
  )
  const flows = [
    at(2, { app: '/usr/bin/scp', domain: 'drop.example', bytesOut: 7e6, bytesIn: 20 }),
    at(1.75, { app: '/usr/bin/scp', domain: 'git.example', bytesOut: 4e6, bytesIn: 5 }),
    at(9, { app: '/usr/bin/scp', domain: 'git.example', bytesOut: 3 }),
    at(30, { src: '192.0.2.9', user: null, dst: '198.51.100.1', durationMs: 5 * hour, bytesOut: 9 }),
    at(30, { app: '/usr/bin/ssh', domain: 'short.example', durationMs: hour }),
    ...calls,
    ...often,
    ...people,
  ]
  await store.ingest({ id: 'more', flows }, NOW)
  const past = await store.past(NOW - 30 * 24 * hour, NOW)
  const scp = { subject: 'ann /usr/bin/scp' }
  const [then, lately] = [NOW - 9 * hour, NOW - 2 * hour]
  assert.deepEqual(past?.sent, [
    { ...scp, hourMs: then, bytesOut: 3, bytesIn: 0, destination: 'git.example', firstMs: then, lastMs: then },
    {
      ...scp,
      hourMs: lately,
      bytesOut: 11e6,
      bytesIn: 25,
      destination: 'drop.example',
      firstMs: lately,
      lastMs: lately + hour / 4,
    },
  ])
  assert.deepEqual(past?.long, [
    {
      subject: '192.0.2.9',
      destination: '198.51.100.1',
      startMs: NOW - 30 * hour,
      durationMs: 5 * hour,
      bytesOut: 9,
      bytesIn: 0,
    },
  ])
  assert.deepEqual(
    past?.calls.toSorted((a, b) => a.destination.localeCompare(b.destination)),
    [
      {
        subject: 'ann /usr/bin/python3',
        destination: 'c2.example',
        timesMs: calls.map((_, index) => NOW - (11 - index) * 8 * hour),
        bytesOut: [],
      },
      {
        subject: 'ann /usr/bin/perl',
        destination: 'often.example',
        timesMs: often.map((_, index) => NOW - (59 - index) * 0.3 * hour),
        bytesOut: often.map(() => 300),
      },
    ],
  )
})
