import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { HOST_METRICS } from '@sallyport/agent'
import { DROP_REASONS, type DropReason } from '@sallyport/flow'
import { prometheusText } from '@sallyport/wire'
import { formatRecordingMetrics } from '../src/output/recording-metrics.ts'

const DROPPED = Object.fromEntries(DROP_REASONS.map((reason) => [reason, 0])) as Record<DropReason, number>
const page = readFileSync(new URL('../../../docs/reference/metrics.md', import.meta.url), 'utf8')

/** With each value of a label: `name{key="value"}`. */
function documented(prefix: string): readonly string[] {
  const rows = page.matchAll(new RegExp(`^\\| \`(${prefix}\\w+)\` \\| (?:(\\w+): (.*?)|–) \\|`, 'gm'))
  return [...rows].flatMap(([, name, label, values]) =>
    values === undefined
      ? [name!]
      : [...values.matchAll(/`([^`]+)`/g)].map(([, value]) => `${name}{${label}="${value}"}`),
  )
}

function exported(text: string, prefix: string): readonly string[] {
  return text
    .split('\n')
    .filter((line) => line.startsWith(prefix))
    .map((line) => line.slice(0, line.lastIndexOf(' ')))
}

test('the page of metrics lists every metric of a host with its labels, and no other', () => {
  const text = prometheusText(HOST_METRICS.map((metric) => ({ metric, value: 0 })))
  assert.deepEqual(documented('sallyport_host_').toSorted(), exported(text, 'sallyport_host_').toSorted())
})

test('the page of metrics lists every metric of recording with its labels, and no other', () => {
  const text = formatRecordingMetrics({
    spool: { spooled: 0, dropped: DROPPED, unsaid: 0 },
    layingOut: null,
    room: null,
  })
  for (const prefix of ['sallyport_recording_', 'sallyport_store_'])
    assert.deepEqual(documented(prefix).toSorted(), exported(text, prefix).toSorted())
})

test('how many stored flows are still to be laid out anew, and what all take, are gauges; what was removed is counted', () => {
  const text = formatRecordingMetrics({
    spool: { spooled: 5, dropped: DROPPED, unsaid: 0 },
    layingOut: { rows: 1000, rowsLeft: 250 },
    room: { bytes: 5000, flows: 10, oldestMs: 0, limitBytes: 9000, removedFlows: 7, isShort: false },
  })
  assert.match(text, /^# TYPE sallyport_store_flows_to_lay_out gauge\nsallyport_store_flows_to_lay_out 250$/m)
  assert.match(text, /^# TYPE sallyport_store_bytes gauge\nsallyport_store_bytes 5000$/m)
  assert.match(text, /^sallyport_store_limit_bytes 9000$/m)
  assert.match(text, /^# TYPE sallyport_store_removed_flows_total counter\nsallyport_store_removed_flows_total 7$/m)
  assert.match(text, /^sallyport_recording_flows_total 5$/m)
})
