import { parseFilter } from '@sallyport/store'
import type { ApiContext } from './api-context.ts'

const HOUR_MS = 3_600_000
const SHOWN = 8

export type Overview = {
  readonly flows: number
  readonly left: number
  readonly stopped: number
  readonly wouldStop: number
  readonly dropped: Readonly<Record<string, number>>
  readonly openAlerts: number
  readonly destinations: readonly object[]
  readonly apps: readonly object[]
  readonly stoppedDestinations: readonly object[]
  readonly newDestinations: readonly object[]
  /** Flows an hour, oldest first. */
  readonly hours: readonly (readonly [number, number])[]
}

export async function overview(
  { flows, state, nowMs }: Pick<ApiContext, 'flows' | 'state' | 'nowMs'>,
  hours: number,
): Promise<Overview> {
  const sinceMs = nowMs() - hours * HOUR_MS
  const [since, refused] = [`since:${hours}h`, 'verdict:deny,undetermined']
  const filter = (text: string): ReturnType<typeof parseFilter> => parseFilter([`${since} ${text}`], nowMs())
  // At once: none of them keeps two processors busy by itself.
  const [counts, dropped, open, destinations, apps, stoppedDestinations, newDestinations, counted] = await Promise.all([
    flows.countVerdicts(sinceMs),
    flows.drops(sinceMs),
    state.alerts.list({ limit: 1000, open: true }),
    flows.top('destination', filter(''), SHOWN),
    flows.top('app', filter(''), SHOWN),
    flows.top('destination', filter(refused), SHOWN),
    flows.newDestinations(sinceMs, SHOWN),
    flows.flowsByHour(sinceMs),
  ])
  const total = sum(counts)
  const held = counts.filter(({ verdict }) => verdict === 'deny' || verdict === 'undetermined')
  const stopped = sum(held.filter(({ mode }) => mode === 'enforce'))
  return {
    flows: total,
    left: total - stopped,
    stopped,
    wouldStop: sum(held.filter(({ mode }) => mode === 'monitor')),
    dropped,
    openAlerts: open.alerts.length,
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

/** Hours without a flow are there too. */
function everyHour(
  counted: readonly (readonly [number, number])[],
  sinceMs: number,
  nowMs: number,
): readonly (readonly [number, number])[] {
  const flowsOf = new Map(counted)
  const first = Math.ceil(sinceMs / HOUR_MS) * HOUR_MS
  const length = Math.floor((nowMs - first) / HOUR_MS) + 1
  return Array.from({ length }, (_, index) => [first + index * HOUR_MS, flowsOf.get(first + index * HOUR_MS) ?? 0])
}
