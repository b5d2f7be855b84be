import type { HostStatus } from '@sallyport/agent'
import { prometheusText } from '@sallyport/wire'

type Recording = Pick<HostStatus, 'spool' | 'layingOut' | 'room'>

/** What became of flow records; docs/reference/metrics.md lists the same, a test compares both. */
export function formatRecordingMetrics({ spool, layingOut, room }: Recording): string {
  return prometheusText([
    {
      metric: { name: 'sallyport_recording_flows_total', help: 'Flow records that were written to the spool.' },
      value: spool.spooled,
    },
    ...Object.entries(spool.dropped).map(([reason, value]) => ({
      metric: {
        name: 'sallyport_recording_dropped_total',
        labels: { reason },
        help: 'Flows that happened and could not be recorded.',
      },
      value,
    })),
    {
      metric: {
        name: 'sallyport_store_flows_to_lay_out',
        help: 'Stored flows that still lie as an earlier version laid them.',
      },
      type: 'gauge' as const,
      value: layingOut?.rowsLeft ?? 0,
    },
    {
      metric: { name: 'sallyport_store_bytes', help: 'What stored flows take on their disk.' },
      type: 'gauge' as const,
      value: room?.bytes ?? 0,
    },
    {
      metric: { name: 'sallyport_store_limit_bytes', help: 'What stored flows may take on their disk.' },
      type: 'gauge' as const,
      value: room?.limitBytes ?? 0,
    },
    {
      metric: { name: 'sallyport_store_removed_flows_total', help: 'Stored flows that were removed to make room.' },
      value: room?.removedFlows ?? 0,
    },
  ])
}
