import { prometheusText, type Metric } from '@sallyport/wire'
import { formatInspectionMetrics } from '../inspect/inspection-metrics.ts'
import type { GatewayStatistics } from './gateway-guard.ts'

type GatewayMetric = Metric & { readonly value: (from: GatewayStatistics) => number }

const FLOWS = { name: 'sallyport_gateway_flows_total', help: 'Flows that were decided.' }
const STOPPED = { name: 'sallyport_gateway_stopped_packets_total', help: 'Packets that netfilter stopped.' }
const OVER = { name: 'sallyport_gateway_over_limit_total', help: 'Flows that ran into a limit of their rule.' }

const OCTETS = {
  name: 'sallyport_gateway_first_octets_lost_total',
  help: 'What flows said first and was not looked at: they may be recorded without protocol and name.',
}
const STRAIGHT = { name: 'sallyport_gateway_straight_packets_total', help: 'Packets that passed netfilter by.' }
const OFFLOADED = {
  name: 'sallyport_gateway_offload_total',
  help: 'Flows that were to pass netfilter by, by what came of it.',
}

/** docs/reference/metrics.md lists the same, a test compares both. */
export const GATEWAY_METRICS: readonly GatewayMetric[] = [
  {
    name: 'sallyport_gateway_packets_total',
    help: 'Packets that came in from the guarded network.',
    value: ({ kernel }) => kernel.packets,
  },
  { ...FLOWS, labels: { verdict: 'allowed' }, value: ({ kernel }) => kernel.allowed },
  { ...FLOWS, labels: { verdict: 'denied' }, value: ({ kernel }) => kernel.denied },
  { ...FLOWS, labels: { verdict: 'monitored' }, value: ({ kernel }) => kernel.monitored },
  { ...STOPPED, labels: { reason: 'refused' }, value: ({ netfilter }) => netfilter['refused'] ?? 0 },
  { ...STOPPED, labels: { reason: 'unmarked' }, value: ({ netfilter }) => netfilter['unmarked'] ?? 0 },
  { ...STOPPED, labels: { reason: 'unasked' }, value: ({ netfilter }) => netfilter['unasked'] ?? 0 },
  { ...OVER, labels: { limit: 'bytesOut' }, value: ({ kernel }) => kernel.overBytesOut },
  { ...OVER, labels: { limit: 'bytesIn' }, value: ({ kernel }) => kernel.overBytesIn },
  { ...OVER, labels: { limit: 'connections' }, value: ({ kernel }) => kernel.overConnections },
  {
    name: 'sallyport_gateway_tables_restored_total',
    help: 'Times that the rules in nftables were put back, because somebody else had changed or removed them.',
    value: ({ tablesRestored }) => tablesRestored,
  },
  {
    name: 'sallyport_gateway_spoofed_packets_total',
    help: 'Packets whose source is not of the guarded network, or not of whoever sent them.',
    value: ({ kernel }) => kernel.spoofed,
  },
  {
    name: 'sallyport_gateway_unreadable_packets_total',
    help: 'Packets with options or headers that lead past the address that is judged.',
    value: ({ kernel }) => kernel.unreadable,
  },
  {
    name: 'sallyport_gateway_fragments_lost_total',
    help: 'Fragments that came without the first one.',
    value: ({ kernel }) => kernel.fragmentsLost,
  },
  {
    name: 'sallyport_gateway_questions_total',
    help: 'Packets to port 53, turned to the resolver.',
    value: ({ kernel }) => kernel.namesAsked,
  },
  {
    name: 'sallyport_gateway_midstream_total',
    help: 'Connections whose beginning was not seen, or was forgotten for others.',
    value: ({ kernel }) => kernel.midstream,
  },
  { ...STRAIGHT, labels: { to: 'wan' }, value: ({ kernel }) => kernel.straightOut },
  { ...STRAIGHT, labels: { to: 'lan' }, value: ({ kernel }) => kernel.straightIn },
  { ...OFFLOADED, labels: { outcome: 'begun' }, value: ({ offload }) => offload.begun },
  { ...OFFLOADED, labels: { outcome: 'refused' }, value: ({ offload }) => offload.refused },
  { ...OFFLOADED, labels: { outcome: 'full' }, value: ({ offload }) => offload.full },
  { ...OCTETS, labels: { reason: 'ring' }, value: ({ kernel }) => kernel.firstOctetsLost },
  { ...OCTETS, labels: { reason: 'flows' }, value: ({ watched }) => watched.full },
  {
    name: 'sallyport_gateway_events_lost_total',
    help: 'Decisions that could not be reported.',
    value: ({ kernel }) => kernel.eventsLost,
  },
  {
    name: 'sallyport_gateway_flows_left_total',
    help: 'Flows of which something has left; each ends, or its end is lost.',
    value: ({ kernel }) => kernel.flowsLeft,
  },
  {
    name: 'sallyport_gateway_flows_ended_total',
    help: 'Flows that have ended.',
    value: ({ kernel }) => kernel.flowsEnded,
  },
  {
    name: 'sallyport_gateway_ends_lost_total',
    help: 'Flows whose end could not be told, or that were forgotten for others before it: what they carried is not recorded.',
    value: ({ kernel }) => kernel.endsLost,
  },
  {
    name: 'sallyport_gateway_walk_errors_total',
    help: 'Decisions that found a damaged policy, and denied.',
    value: ({ kernel }) => kernel.walkErrors,
  },
  {
    name: 'sallyport_gateway_bindings_overflow_total',
    help: 'Names of an address that found no room.',
    value: ({ kernel }) => kernel.bindingsOverflow,
  },
]

export function formatGatewayMetrics(from: GatewayStatistics): string {
  const own = prometheusText(GATEWAY_METRICS.map((metric) => ({ metric, value: metric.value(from) })))
  return own + formatInspectionMetrics(from.inspection)
}
