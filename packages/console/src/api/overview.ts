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
  const counts = await flows.countVerdicts(sinceMs)
  const total = sum(counts)
  const held = counts.filter(({ verdict }) => verdict === 'deny' || verdict === 'undetermined')
  const stopped = sum(held.filter(({ mode }) => mode === 'enforce'))
  return {
    flows: total,
    left: total - stopped,
    stopped,
    wouldStop: sum(held.filter(({ mode }) => mode === 'monitor')),
    dropped: await flows.drops(sinceMs),
    openAlerts: (await state.alerts.list({ limit: 1000, open: true })).alerts.length,
    destinations: await flows.top('destination', filter(''), SHOWN),
    apps: await flows.top('app', filter(''), SHOWN),
    stoppedDestinations: await flows.top('destination', filter(refused), SHOWN),
    newDestinations: await flows.newDestinations(sinceMs, SHOWN),
    hours: everyHour(await flows.flowsByHour(sinceMs), sinceMs, nowMs()),
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
