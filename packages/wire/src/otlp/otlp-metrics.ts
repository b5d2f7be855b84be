import type { Sample } from '../prometheus/prometheus-text.ts'

type OtlpTimes = { readonly startMs: number; readonly nowMs: number }

/** Metrics for OTLP over HTTP, as JSON (OpenTelemetry Protocol 1.x): sums from the start on, and gauges. */
export function otlpMetrics(samples: Iterable<Sample>, service: string, times: OtlpTimes): object {
  const families = Map.groupBy(samples, ({ metric }) => metric.name)
  const metrics = [...families].map(([name, all]) => {
    const isSum = (all[0]!.type ?? 'counter') === 'counter'
    const dataPoints = all.map((sample) => dataPoint(sample, times, isSum))
    const points = isSum
      ? { sum: { aggregationTemporality: CUMULATIVE, isMonotonic: true, dataPoints } }
      : { gauge: { dataPoints } }
    return { name, description: all[0]!.metric.help, unit: '1', ...points }
  })
  const resource = { attributes: [attribute('service.name', service)] }
  return { resourceMetrics: [{ resource, scopeMetrics: [{ scope: { name: service }, metrics }] }] }
}

const CUMULATIVE = 2

/** Integers of 64 bits are texts in the JSON of Protocol Buffers. */
function dataPoint({ metric, value }: Sample, { startMs, nowMs }: OtlpTimes, isSum: boolean): object {
  return {
    attributes: Object.entries(metric.labels ?? {}).map(([key, text]) => attribute(key, text)),
    ...(isSum ? { startTimeUnixNano: nanoseconds(startMs) } : {}),
    timeUnixNano: nanoseconds(nowMs),
    ...(Number.isInteger(value) ? { asInt: String(value) } : { asDouble: value }),
  }
}

const attribute = (key: string, text: string): object => ({ key, value: { stringValue: text } })

const nanoseconds = (ms: number): string => `${BigInt(Math.round(ms)) * 1_000_000n}`
