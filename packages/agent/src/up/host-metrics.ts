import { prometheusText, type Metric } from '@sallyport/wire'
import { formatInspectionMetrics } from '../inspect/inspection-metrics.ts'
import type { HostStatistics } from './host-guard.ts'

type HostMetric = Metric & { readonly value: (from: HostStatistics) => number }

const FLOWS = { name: 'sallyport_host_flows_total', help: 'Flows that the kernel decided.' }
const OVER = { name: 'sallyport_host_over_limit_total', help: 'Flows that ran into a limit of their rule.' }

const OCTETS = {
  name: 'sallyport_host_first_octets_lost_total',
  help: 'What flows said first and was not looked at: they may be recorded without protocol and name.',
}
const ASKERS = { name: 'sallyport_host_askers_total', help: 'Look-ups whose process was looked for.' }

/** docs/reference/metrics.md lists the same, a test compares both. */
export const HOST_METRICS: readonly HostMetric[] = [
  { ...FLOWS, labels: { verdict: 'allowed' }, value: ({ kernel }) => kernel.allowed },
  { ...FLOWS, labels: { verdict: 'denied' }, value: ({ kernel }) => kernel.denied },
  { ...FLOWS, labels: { verdict: 'monitored' }, value: ({ kernel }) => kernel.monitored },
  { ...OVER, labels: { limit: 'bytesOut' }, value: ({ kernel }) => kernel.overBytesOut },
  { ...OVER, labels: { limit: 'bytesIn' }, value: ({ kernel }) => kernel.overBytesIn },
  { ...OVER, labels: { limit: 'connections' }, value: ({ kernel }) => kernel.overConnections },
  {
    name: 'sallyport_host_questions_total',
    help: 'Look-ups that were turned to the resolver.',
    value: ({ kernel }) => kernel.redirected,
  },
  { ...ASKERS, labels: { result: 'looked' }, value: ({ askers }) => askers.looked },
  { ...ASKERS, labels: { result: 'late' }, value: ({ askers }) => askers.late },
  { ...ASKERS, labels: { result: 'full' }, value: ({ askers }) => askers.full },
  {
    name: 'sallyport_host_handshakes_total',
    help: 'Flows whose handshake was awaited.',
    value: ({ kernel }) => kernel.inspected,
  },
  {
    name: 'sallyport_host_unlooked_packets_total',
    help: 'Packets of such flows that nobody had looked at, and that were dropped.',
    value: ({ kernel }) => kernel.notInspected,
  },
  {
    name: 'sallyport_host_greetings_lost_total',
    help: 'What servers said first and found no room.',
    value: ({ kernel }) => kernel.greetingsLost,
  },
  { ...OCTETS, labels: { reason: 'ring' }, value: ({ kernel }) => kernel.firstOctetsLost },
  { ...OCTETS, labels: { reason: 'flows' }, value: ({ watched }) => watched.full },
  {
    name: 'sallyport_host_events_lost_total',
    help: 'Decisions that could not be reported.',
    value: ({ kernel }) => kernel.eventsLost,
  },
  {
    name: 'sallyport_host_ends_lost_total',
    help: 'Flows whose end could not be told: what they carried is not recorded.',
    value: ({ kernel }) => kernel.endsLost,
  },
  {
    name: 'sallyport_host_walk_errors_total',
    help: 'Decisions that found a damaged policy, and denied.',
    value: ({ kernel }) => kernel.walkErrors,
  },
  {
    name: 'sallyport_host_bindings_overflow_total',
    help: 'Names of an address that found no room.',
    value: ({ kernel }) => kernel.bindingsOverflow,
  },
]

export function formatHostMetrics(from: HostStatistics): string {
  const own = prometheusText(HOST_METRICS.map((metric) => ({ metric, value: metric.value(from) })))
  return own + formatInspectionMetrics(from.inspection)
}
