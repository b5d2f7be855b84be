import assert from 'node:assert/strict'
import { test } from 'node:test'
import { followAlerts, type Seen } from '../src/output/follow-alerts.ts'

const alert = (destination: string): Seen['alerts'][number] => ({
  detector: 'beacon',
  severity: 'medium',
  technique: { id: 'T1071', name: 'Application Layer Protocol' },
  subject: 'curl',
  destination,
  sentence: '',
  numbers: {},
  series: [],
  firstMs: 0,
  lastMs: 0,
  offers: null,
})

test('an alert that goes on is told once, and a new one when it comes', async () => {
  const looks = [['a.example'], ['a.example', 'b.example'], ['b.example']]
  const stopped = new AbortController()
  const look = async (): Promise<Seen> => {
    const names = looks.shift() ?? []
    if (looks.length === 0) stopped.abort()
    return { flows: 1, alerts: names.map(alert) }
  }
  const told: string[] = []
  for await (const { destination } of followAlerts(look, stopped.signal, 1)) told.push(destination)
  assert.deepEqual(told, ['a.example', 'b.example'])
  assert.deepEqual(looks, [])
})
