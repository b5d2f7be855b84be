import { formatAddress, type DomainName } from '@sallyport/net'
import { getDomain } from 'tldts'
import type { Alert, ObservedFlow } from './alert.ts'

const MAX_POINTS = 200
/** The destination of an alert that means no single one. The same words at every look, so that it stays one alert. */
export const MANY_DESTINATIONS = 'many destinations'

/** Who: application and user, else the address it came from. */
export function subjectOf({ flow }: ObservedFlow): string {
  const who = [flow.device, flow.user, flow.app ?? flow.unit].filter((part) => typeof part === 'string')
  return who.length > 0 ? who.join(' ') : flow.src ? formatAddress(flow.src) : 'unknown'
}

/** Where to: the name, else the address. */
export function destinationOf({ flow }: ObservedFlow): string {
  return flow.domain ?? flow.boundNames?.[0] ?? (flow.dst ? formatAddress(flow.dst) : 'unknown')
}

export function nameOf({ flow }: ObservedFlow): DomainName | null {
  return flow.domain ?? flow.boundNames?.[0] ?? null
}

/** The name that someone registered; below a shared suffix (github.io) the tenant's. */
export function registrableName(name: string): string | null {
  return getDomain(name, { allowPrivateDomains: true })
}

/** Flows of one subject to one destination, oldest first. */
export function bySubjectAndDestination(flows: readonly ObservedFlow[]): readonly (readonly ObservedFlow[])[] {
  const groups = Map.groupBy(flows, (each) => JSON.stringify([subjectOf(each), destinationOf(each), each.flow.port]))
  return [...groups.values()].map((all) => all.toSorted((a, b) => a.timeMs - b.timeMs))
}

/** Everything of an alert that comes from its flows. */
export function alertFacts(
  flows: readonly ObservedFlow[],
): Pick<Alert, 'subject' | 'destination' | 'firstMs' | 'lastMs'> {
  const times = flows.map(({ timeMs }) => timeMs)
  return {
    subject: subjectOf(flows[0]!),
    destination: destinationOf(flows[0]!),
    firstMs: times.reduce((a, b) => Math.min(a, b)),
    lastMs: times.reduce((a, b) => Math.max(a, b)),
  }
}

/** Evenly thinned to what a chart can show. */
export function thinned(points: readonly (readonly [number, number])[]): Alert['series'] {
  if (points.length <= MAX_POINTS) return points
  return Array.from({ length: MAX_POINTS }, (_, index) => points[Math.floor((index * points.length) / MAX_POINTS)]!)
}
