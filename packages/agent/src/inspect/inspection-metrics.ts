import { prometheusText, type Metric } from '@sallyport/wire'
import type { InspectionStatus } from './handshake-guard.ts'

type InspectionMetric = Metric & { readonly value: (from: InspectionStatus) => number }

const FLOWS = { name: 'sallyport_inspection_flows_total', help: 'Flows that their handshake decided.' }
const DROPPED = {
  name: 'sallyport_inspection_dropped_packets_total',
  help: 'Packets of undecided flows that did not wait.',
}

/** docs/reference/metrics.md lists the same, a test compares both. */
const INSPECTION_METRICS: readonly InspectionMetric[] = [
  {
    name: 'sallyport_inspection_packets_total',
    help: 'Packets that were handed up to be looked at.',
    value: ({ packets }) => packets,
  },
  { ...FLOWS, labels: { verdict: 'allowed' }, value: ({ judged, denied }) => judged - denied },
  { ...FLOWS, labels: { verdict: 'denied' }, value: ({ denied }) => denied },
  {
    name: 'sallyport_inspection_expired_total',
    help: 'Flows that were judged by what was likely when their time was over.',
    value: ({ expired }) => expired,
  },
  {
    name: 'sallyport_inspection_failures_total',
    help: 'Flows that could not be judged, and were refused.',
    value: ({ failed }) => failed,
  },
  { ...DROPPED, labels: { reason: 'repeated' }, value: ({ repeated }) => repeated },
  { ...DROPPED, labels: { reason: 'read' }, value: ({ read }) => read },
  { ...DROPPED, labels: { reason: 'flows' }, value: ({ flowsFull }) => flowsFull },
  { ...DROPPED, labels: { reason: 'packets' }, value: ({ packetsFull }) => packetsFull },
  { ...DROPPED, labels: { reason: 'unknown' }, value: ({ unknown, strange }) => unknown + strange },
  { ...DROPPED, labels: { reason: 'queue' }, value: ({ lost }) => lost },
  {
    name: 'sallyport_inspection_rules_restored_total',
    help: 'Times that the rules that hand packets up were put back, because somebody else had changed or removed them.',
    value: ({ restored }) => restored,
  },
]

/** Of a guard that inspects nothing, null. */
export function formatInspectionMetrics(from: InspectionStatus | null): string {
  return prometheusText(INSPECTION_METRICS.map((metric) => ({ metric, value: from === null ? 0 : metric.value(from) })))
}
