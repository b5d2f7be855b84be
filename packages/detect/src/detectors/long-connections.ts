import type { Alert, ObservedFlow } from '../alert.ts'
import { alertFacts } from '../observed.ts'

const HOUR_MS = 3_600_000

/** One connection of four hours or more: interactive control and tunnels keep one open. Severity by 4 h, 12 h, 24 h. */
export function detectLongConnections(flows: readonly ObservedFlow[]): readonly Alert[] {
  return flows.flatMap((each) => {
    const durationMs = each.flow.durationMs ?? 0
    if (durationMs < 4 * HOUR_MS) return []
    const facts = alertFacts([each])
    const hours = durationMs / HOUR_MS
    return {
      detector: 'long-connection',
      severity: hours >= 24 ? 'high' : hours >= 12 ? 'medium' : 'low',
      technique: { id: 'T1572', name: 'Protocol Tunneling' },
      ...facts,
      lastMs: each.timeMs + durationMs,
      sentence: `${facts.subject} kept one connection to ${facts.destination} open for ${hours.toFixed(1)} hours`,
      numbers: { durationMs, bytesOut: each.flow.bytesOut ?? 0, bytesIn: each.flow.bytesIn ?? 0 },
      series: [
        [each.timeMs, 1],
        [each.timeMs + durationMs, 1],
      ],
    } satisfies Alert
  })
}
