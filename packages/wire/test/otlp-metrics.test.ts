import assert from 'node:assert/strict'
import { test } from 'node:test'
import { otlpMetrics } from '@sallyport/wire'

test('samples of one name are one metric, with sums from the start on and gauges as they are', () => {
  const counter = (kind: string, value: number) => ({
    metric: { name: 'x_total', help: 'Xs.', labels: { kind } },
    value,
  })
  const gauge = { metric: { name: 'open', help: 'Open.' }, value: 2.5, type: 'gauge' } as const
  const { resourceMetrics } = otlpMetrics([counter('a', 3), counter('b', 2 ** 53 - 1), gauge], 'lab', {
    startMs: 1000,
    nowMs: 1_800_000_000_000,
  }) as { resourceMetrics: [{ resource: unknown; scopeMetrics: [{ metrics: unknown[] }] }] }
  assert.deepEqual(resourceMetrics[0].resource, {
    attributes: [{ key: 'service.name', value: { stringValue: 'lab' } }],
  })
  const times = { startTimeUnixNano: '1000000000', timeUnixNano: '1800000000000000000' }
  const kind = (stringValue: string): unknown[] => [{ key: 'kind', value: { stringValue } }]
  assert.deepEqual(resourceMetrics[0].scopeMetrics[0].metrics, [
    {
      name: 'x_total',
      description: 'Xs.',
      unit: '1',
      sum: {
        aggregationTemporality: 2,
        isMonotonic: true,
        dataPoints: [
          { attributes: kind('a'), ...times, asInt: '3' },
          { attributes: kind('b'), ...times, asInt: '9007199254740991' },
        ],
      },
    },
    {
      name: 'open',
      description: 'Open.',
      unit: '1',
      gauge: { dataPoints: [{ attributes: [], timeUnixNano: times.timeUnixNano, asDouble: 2.5 }] },
    },
  ])
})
