import { isMuted, parseFilter, type HourCount, type KeptAlert } from '@sallyport/store'
import type { ApiContext } from './api-context.ts'

const HOUR_MS = 3_600_000
const SHOWN = 8
const ALERT_SHOWN = ['id', 'severity', 'detector', 'sentence', 'lastMs'] as const
const SEVERITIES = ['critical', 'high', 'medium', 'low']

export type Overview = {
  readonly flows: number
  readonly left: number
  readonly stopped: number
  readonly wouldStop: number
  readonly dropped: Readonly<Record<string, number>>
  /** Those that are muted aside. */
  readonly openAlerts: number
  readonly alerts: readonly Pick<KeptAlert, (typeof ALERT_SHOWN)[number]>[]
  readonly destinations: readonly object[]
  readonly apps: readonly object[]
  readonly stoppedDestinations: readonly object[]
  readonly newDestinations: readonly object[]
  /** Oldest first. */
  readonly hours: readonly HourCount[]
}

export async function overview(
  { flows, state, nowMs }: Pick<ApiContext, 'flows' | 'state' | 'nowMs'>,
  hours: number,
): Promise<Overview> {
  const sinceMs = nowMs() - hours * HOUR_MS
  const [since, refused] = [`since:${hours}h`, 'verdict:deny,undetermined']
  const filter = (text: string): ReturnType<typeof parseFilter> => parseFilter([`${since} ${text}`], nowMs())
  // At once: none of them keeps two processors busy by itself.
  const [counts, dropped, open, mutes, destinations, apps, stoppedDestinations, newDestinations, counted] =
    await Promise.all([
      flows.countVerdicts(sinceMs),
      flows.drops(sinceMs),
      state.alerts.list({ limit: 1000, open: true }),
      state.mutes.list(nowMs()),
      flows.top('destination', filter(''), SHOWN),
      flows.top('app', filter(''), SHOWN),
      flows.top('destination', filter(refused), SHOWN),
      flows.newDestinations(sinceMs, SHOWN),
      flows.flowsByHour(sinceMs),
    ])
  const alerts = open.alerts.filter((alert) => !isMuted(alert, mutes))
  const total = sum(counts)
  const held = counts.filter(({ verdict }) => verdict === 'deny' || verdict === 'undetermined')
  const stopped = sum(held.filter(({ mode }) => mode === 'enforce'))
  return {
    flows: total,
    left: total - stopped,
    stopped,
    wouldStop: sum(held.filter(({ mode }) => mode === 'monitor')),
    dropped,
    openAlerts: alerts.length,
    alerts: worst(alerts),
    destinations,
    apps,
    stoppedDestinations,
    newDestinations,
    hours: everyHour(counted, sinceMs, nowMs()),
  }
}

function sum(counts: readonly { readonly flows: number }[]): number {
  return counts.reduce((all, each) => all + each.flows, 0)
}

function worst(alerts: readonly KeptAlert[]): Overview['alerts'] {
  return alerts
    .toSorted((a, b) => SEVERITIES.indexOf(a.severity) - SEVERITIES.indexOf(b.severity) || b.lastMs - a.lastMs)
    .slice(0, SHOWN)
    .map(({ id, severity, detector, sentence, lastMs }) => ({ id, severity, detector, sentence, lastMs }))
}

/** Hours without a flow are there too. */
function everyHour(counted: readonly HourCount[], sinceMs: number, nowMs: number): readonly HourCount[] {
  const countOf = new Map(counted.map((count) => [count[0], count]))
  const first = Math.ceil(sinceMs / HOUR_MS) * HOUR_MS
  const length = Math.floor((nowMs - first) / HOUR_MS) + 1
  return Array.from({ length }, (_, index) => {
    const hourMs = first + index * HOUR_MS
    return countOf.get(hourMs) ?? [hourMs, 0, 0]
  })
}
