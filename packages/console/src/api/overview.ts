import { parseFilter } from '@sallyport/store'
import type { ApiContext } from './api-context.ts'

const HOUR_MS = 3_600_000
const SHOWN = 8
/** So many of the busiest destinations are looked at for new ones. */
const LOOKED_AT = 5000

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

export async function overview({ flows, state, nowMs }: ApiContext, hours: number): Promise<Overview> {
  const sinceMs = nowMs() - hours * HOUR_MS
  const since = `since:${hours}h`
  const filter = (text: string): ReturnType<typeof parseFilter> => parseFilter([`${since} ${text}`], nowMs())
  const count = async (text: string): Promise<number> =>
    (await flows.top('verdict', filter(text), 10)).reduce((sum, row) => sum + row.flows, 0)
  const all = await flows.top('destination', [], LOOKED_AT)
  const refused = 'verdict:deny,undetermined'
  const [total, stopped, wouldStop] = [
    await count(''),
    await count(`${refused} mode:enforce`),
    await count(`${refused} mode:monitor`),
  ]
  return {
    flows: total,
    left: total - stopped,
    stopped,
    wouldStop,
    dropped: await flows.drops(sinceMs),
    openAlerts: (await state.alerts.list({ limit: 1000, open: true })).alerts.length,
    destinations: await flows.top('destination', filter(''), SHOWN),
    apps: await flows.top('app', filter(''), SHOWN),
    stoppedDestinations: await flows.top('destination', filter(refused), SHOWN),
    newDestinations: all.filter(({ firstSeen, key }) => key !== '' && Date.parse(firstSeen) >= sinceMs).slice(0, SHOWN),
    hours: everyHour(await flows.flowsByHour(sinceMs), sinceMs, nowMs()),
  }
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
