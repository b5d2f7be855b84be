import type { Alert, DetectorName, ObservedFlow } from '../../src/index.ts'

/** What a detector should find: the flows, and by what an alert shows that it means them. */
export type Incident = {
  readonly detector: DetectorName
  readonly kind: string
  readonly flows: readonly ObservedFlow[]
  /** Null where the program does other things too: then the destination must be right. */
  readonly app: string | null
  /** It is known by its machine alone, on which there are others: only alerts of its detector mean it. */
  readonly isOfMachine: boolean
  readonly destinations: ReadonlySet<string>
}

export function means(alert: Alert, { detector, app, isOfMachine, destinations }: Incident): boolean {
  if (app !== null && alert.subject.endsWith(app) && (!isOfMachine || alert.detector === detector)) return true
  // A name below one that is meant is meant too.
  const labels = alert.destination.split('.')
  return labels.some((_, at) => destinations.has(labels.slice(at).join('.')))
}
