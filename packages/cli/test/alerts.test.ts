import assert from 'node:assert/strict'
import { test } from 'node:test'
import { sallyport } from './sallyport.ts'

const START = Date.parse('2026-10-01T00:00:00Z')
const calls = Array.from({ length: 120 }, (_, index) =>
  JSON.stringify({ time: START + index * 60_000, app: '/tmp/x', domain: 'c2.example', port: 443, transport: 'tcp' }),
).join('\n')

test('a timer in a log is an alert with its evidence, and --fail-on-alert answers 1', () => {
  const { status, stdout } = sallyport(['alerts', '--flows', '-', '--fail-on-alert', '--json'], calls)
  const { flows, alerts } = JSON.parse(stdout) as { flows: number; alerts: { detector: string; sentence: string }[] }
  assert.equal(status, 1)
  assert.equal(flows, 120)
  assert.deepEqual(
    alerts.map(({ detector, sentence }) => [detector, sentence]),
    [['beacon', '/tmp/x called c2.example 120 times, every 60 s, give or take 0 %']],
  )
})

test('a detector that does not exist is an error with the nearest', () => {
  const { status, stderr } = sallyport(['alerts', '--flows', '-', '--detector', 'becon'], calls)
  assert.equal(status, 2)
  assert.match(stderr, /Did you mean beacon\?/)
})
