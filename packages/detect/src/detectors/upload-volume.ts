import type { Alert, ObservedFlow } from '../alert.ts'
import { alertFacts, subjectOf, thinned } from '../observed.ts'
import { median, medianDeviation } from '../statistics.ts'

const HOUR_MS = 3_600_000
const LEAST_BYTES = 50e6
const LEAST_PAST_HOURS = 12
const DEVIATIONS = 8

/**
 * An hour in which a subject sent far more than in its own past. The threshold is median + 8 · 1.4826 · MAD of the hours
 * before (1.4826 · MAD estimates the standard deviation of normal data), at least 50 MB, and more sent than received: a
 * download sends acknowledgements, an upload sends bytes.
 */
export function detectUploadVolume(flows: readonly ObservedFlow[]): readonly Alert[] {
  const subjects = Map.groupBy(flows, subjectOf)
  return [...subjects.values()].flatMap((all) => {
    const hours = Map.groupBy(all, ({ timeMs }) => Math.floor(timeMs / HOUR_MS))
    const sent = [...hours]
      .map(([hour, members]) => ({ hour, members, bytes: total(members, 'bytesOut') }))
      .toSorted((a, b) => a.hour - b.hour)
    return sent.flatMap(({ members, bytes }, index) => {
      const past = sent.slice(0, index).map((each) => each.bytes)
      if (bytes < LEAST_BYTES || past.length < LEAST_PAST_HOURS) return []
      const usual = median(past)
      const threshold = usual + DEVIATIONS * 1.4826 * Math.max(medianDeviation(past), usual * 0.1)
      const received = total(members, 'bytesIn')
      if (bytes < threshold || bytes <= received) return []
      const most = members.toSorted((a, b) => (b.flow.bytesOut ?? 0) - (a.flow.bytesOut ?? 0))
      const facts = alertFacts(most)
      const series = sent.slice(0, index + 1).map((each) => [each.hour * HOUR_MS, each.bytes] as const)
      return {
        detector: 'upload-volume',
        severity: bytes > threshold * 4 ? 'high' : 'medium',
        technique: { id: 'T1048', name: 'Exfiltration Over Alternative Protocol' },
        ...facts,
        sentence: `${facts.subject} sent ${megabytes(bytes)} in an hour, most to ${facts.destination}; its usual hour is ${megabytes(usual)}`,
        numbers: { bytesOut: bytes, bytesIn: received, usualBytesOut: usual, threshold, pastHours: past.length },
        series: thinned(series),
      } satisfies Alert
    })
  })
}

function total(flows: readonly ObservedFlow[], counter: 'bytesOut' | 'bytesIn'): number {
  return flows.reduce((sum, { flow }) => sum + (flow[counter] ?? 0), 0)
}

function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`
}
