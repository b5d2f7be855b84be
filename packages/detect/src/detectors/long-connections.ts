import type { Alert, Known, ObservedFlow } from '../alert.ts'
import { destinationOf, subjectOf } from '../observed.ts'
import { commonOwners, DAY_MS, LONG_MS, ownerOf, type LongConnection } from '../past.ts'

const HOUR_MS = 3_600_000

/**
 * One connection of four hours or more: interactive control and tunnels keep one open. Severity by 4 h, 12 h, 24 h. One that began
 * before the flows at hand comes from the past. Where somebody kept one open to the same registrable name more than a day ago, or
 * half of the network goes, it is what is always open: notifications, chat, a server of one's own.
 */
export function detectLongConnections(flows: readonly ObservedFlow[], { past }: Known): readonly Alert[] {
  const recent = flows.filter(({ flow }) => (flow.durationMs ?? 0) >= LONG_MS).map(connectionOf)
  const recentKeys = new Set(recent.map(keyOf))
  const since = (past?.nowMs ?? 0) - DAY_MS
  const [older, ended] = [past?.long ?? [], past?.long ?? []].map((all, index) =>
    all.filter(({ startMs, durationMs }) => startMs + durationMs < since === (index === 0)),
  ) as [LongConnection[], LongConnection[]]
  const usual = commonOwners(past).union(new Set(older.map(({ destination }) => ownerOf(destination))))
  return [...recent, ...ended.filter((each) => !recentKeys.has(keyOf(each)))]
    .filter(({ destination }) => !usual.has(ownerOf(destination)))
    .map(({ subject, destination, startMs, durationMs, bytesOut, bytesIn }) => {
      const hours = durationMs / HOUR_MS
      return {
        detector: 'long-connection',
        severity: hours >= 24 ? 'high' : hours >= 12 ? 'medium' : 'low',
        technique: { id: 'T1572', name: 'Protocol Tunneling' },
        subject,
        destination,
        firstMs: startMs,
        lastMs: startMs + durationMs,
        sentence: `${subject} kept one connection to ${destination} open for ${hours.toFixed(1)} hours`,
        numbers: { durationMs, bytesOut, bytesIn },
        series: [
          [startMs, 1],
          [startMs + durationMs, 1],
        ],
      } satisfies Alert
    })
}

function connectionOf(each: ObservedFlow): LongConnection {
  const { durationMs, bytesOut, bytesIn } = each.flow
  return {
    subject: subjectOf(each),
    destination: destinationOf(each),
    startMs: each.timeMs,
    durationMs: durationMs!,
    bytesOut: bytesOut ?? 0,
    bytesIn: bytesIn ?? 0,
  }
}

function keyOf({ subject, destination, startMs }: LongConnection): string {
  return JSON.stringify([subject, destination, Math.floor(startMs)])
}
