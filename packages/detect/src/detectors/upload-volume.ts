import type { Alert, Known, ObservedFlow } from '../alert.ts'
import { alertFacts, destinationOf, subjectOf, thinned } from '../observed.ts'
import { DAY_MS, UPLOAD_BYTES, type SentHour } from '../past.ts'
import { least, median, medianDeviation } from '../statistics.ts'

const HOUR_MS = 3_600_000
const LEAST_BYTES = 50e6
/** Of a subject without a past of its own, in a network that has one. */
const LEAST_BYTES_NEW = 200e6
const LEAST_PAST_HOURS = 12
const LEAST_NETWORK_DAYS = 3
const DEVIATIONS = 8
const [MOSTLY_SENT, MOSTLY_RECEIVED] = [0.8, 0.3]

/**
 * An hour in which a subject sent far more than in its own past, and more than it received: a download sends acknowledgements, an
 * upload sends bytes. The threshold is median + 8 · 1.4826 · MAD of the hours before in which it sent anything (1.4826 · MAD estimates
 * the standard deviation of normal data: Rousseeuw and Croux, JASA 88, 1993), at least 50 MB; 10 MB where the share of what is sent turns from 0.3
 * or less to 0.8 or more. A subject of fewer than 12 hours, in a network recorded for three days, is held against 200 MB and twice
 * the most it ever sent.
 */
export function detectUploadVolume(flows: readonly ObservedFlow[], { past }: Known): readonly Alert[] {
  const hours = [...hoursOf(flows), ...(past?.sent ?? [])]
  const sinceMs = least([...flows.map(({ timeMs }) => timeMs), ...(past === null ? [] : [past.nowMs - DAY_MS])])
  const hasNetworkPast = past !== null && past.nowMs - past.sinceMs >= LEAST_NETWORK_DAYS * DAY_MS
  return [...Map.groupBy(hours, ({ subject }) => subject).values()].flatMap((all) => {
    const own: SentHour[] = []
    return eachOnce(all).flatMap((hour) => {
      const alert = hour.hourMs + HOUR_MS <= sinceMs ? null : unusual(hour, own, hasNetworkPast)
      own.push(hour)
      return alert ?? []
    })
  })
}

/** Oldest first. Of an hour that is in the flows at hand and in the past, what has more: each may have a part of it only. */
function eachOnce(hours: readonly SentHour[]): readonly SentHour[] {
  const most = new Map<number, SentHour>()
  for (const hour of hours) if (hour.bytesOut > (most.get(hour.hourMs)?.bytesOut ?? 0)) most.set(hour.hourMs, hour)
  return [...most.values()].toSorted((a, b) => a.hourMs - b.hourMs)
}

function unusual(hour: SentHour, own: readonly SentHour[], hasNetworkPast: boolean): Alert | null {
  const { subject, destination, firstMs, lastMs, bytesOut, bytesIn } = hour
  const share = shareSent(hour)
  if (bytesOut < UPLOAD_BYTES || share <= 0.5) return null
  const limit = own.length < LEAST_PAST_HOURS ? (hasNetworkPast ? limitOfNew(own) : null) : limitOfKnown(own, share)
  if (limit === null || bytesOut < limit.threshold) return null
  const usual = own.length === 0 ? 'no hour before is known of it' : `its usual hour is ${megabytes(limit.usual)}`
  return {
    detector: 'upload-volume',
    severity: bytesOut > limit.threshold * 4 ? 'high' : 'medium',
    technique: { id: 'T1048', name: 'Exfiltration Over Alternative Protocol' },
    subject,
    destination,
    firstMs,
    lastMs,
    sentence: `${subject} sent ${megabytes(bytesOut)} in an hour, most to ${destination}; ${usual}`,
    numbers: {
      bytesOut,
      bytesIn,
      share,
      usualBytesOut: limit.usual,
      usualShare: limit.usualShare,
      threshold: limit.threshold,
      pastHours: own.length,
    },
    series: thinned([...own, hour].map((each) => [each.hourMs, each.bytesOut] as const)),
  }
}

type Limit = { readonly threshold: number; readonly usual: number; readonly usualShare: number }

function limitOfKnown(own: readonly SentHour[], share: number): Limit {
  const sent = own.map(({ bytesOut }) => bytesOut)
  const usual = median(sent)
  const usualShare = median(own.map(shareSent))
  const least = share >= MOSTLY_SENT && usualShare <= MOSTLY_RECEIVED ? UPLOAD_BYTES : LEAST_BYTES
  const threshold = Math.max(least, usual + DEVIATIONS * 1.4826 * Math.max(medianDeviation(sent), usual * 0.1))
  return { threshold, usual, usualShare }
}

function limitOfNew(own: readonly SentHour[]): Limit {
  const most = own.reduce((max, { bytesOut }) => Math.max(max, bytesOut), 0)
  const usual = own.length === 0 ? 0 : median(own.map(({ bytesOut }) => bytesOut))
  return {
    threshold: Math.max(LEAST_BYTES_NEW, 2 * most),
    usual,
    usualShare: own.length === 0 ? 0 : median(own.map(shareSent)),
  }
}

function shareSent({ bytesOut, bytesIn }: Pick<SentHour, 'bytesOut' | 'bytesIn'>): number {
  return bytesOut / Math.max(1, bytesOut + bytesIn)
}

function hoursOf(flows: readonly ObservedFlow[]): readonly SentHour[] {
  const hours = Map.groupBy(flows, (each) =>
    JSON.stringify([subjectOf(each), Math.floor(each.timeMs / HOUR_MS) * HOUR_MS]),
  )
  return [...hours.values()].map((members) => {
    const total = (counter: 'bytesOut' | 'bytesIn'): number =>
      members.reduce((sum, { flow }) => sum + (flow[counter] ?? 0), 0)
    const most = members.reduce((a, b) => ((b.flow.bytesOut ?? 0) > (a.flow.bytesOut ?? 0) ? b : a))
    return {
      ...alertFacts(members),
      destination: destinationOf(most),
      hourMs: Math.floor(most.timeMs / HOUR_MS) * HOUR_MS,
      bytesOut: total('bytesOut'),
      bytesIn: total('bytesIn'),
    }
  })
}

function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`
}
