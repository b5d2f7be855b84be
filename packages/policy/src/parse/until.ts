import { quote } from './describe.ts'
import type { Path, Report } from './problem.ts'
import { finding } from './scope.ts'

const DAY_MS = 86_400_000
const INSTANT = /^(\d{4}-\d{2}-\d{2})[Tt ](\d{2}:\d{2}:\d{2})(\.\d+)?([Zz]|[+-]\d{2}:\d{2})$/

/** First instant at which the rule no longer holds: the end of the day in the zone, or the instant itself (RFC 3339). */
export function readUntil(text: string, path: Path, zone: string, report: Report): number | null {
  const day = dayStart(text)
  if (day !== null) return firstInstantOf(day + DAY_MS, zone)
  const instant = parseInstant(text)
  if (instant !== null) return instant
  const allowed = ['2027-03-31 (through that day)', '2027-03-31T18:00:00Z', '2027-03-31T18:00:00+02:00']
  report(
    finding('bad-date', path, `${quote(text)} is not a date`, { found: quote(text), allowed, nearest: tidyDate(text) }),
  )
  return null
}

/** Milliseconds since 1970 of an RFC 3339 instant; `null` for anything else, a day that does not exist too. */
export function parseInstant(text: string): number | null {
  const match = INSTANT.exec(text)
  if (match === null || dayStart(match[1]!) === null) return null
  const value = Date.parse(`${match[1]}T${match[2]}${(match[3] ?? '').slice(0, 4)}${match[4]!.toUpperCase()}`)
  return Number.isNaN(value) ? null : value
}

/** Midnight UTC of a calendar day that exists. */
function dayStart(text: string): number | null {
  const match = /^(\d{4})-(\d{2})-(\d{2})$/.exec(text)
  if (match === null || Number(match[1]) < 1000) return null
  const value = Date.UTC(Number(match[1]), Number(match[2]) - 1, Number(match[3]))
  return new Date(value).toISOString().slice(0, 10) === text ? value : null
}

function tidyDate(text: string): string | null {
  const match = /^(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})$/.exec(text)
  if (match === null) return null
  const tidy = `${match[1]}-${match[2]!.padStart(2, '0')}-${match[3]!.padStart(2, '0')}`
  return dayStart(tidy) === null ? null : tidy
}

/**
 * The last instant at which the zone's calendar turns to a day, given as its midnight in UTC: clocks that are put back
 * over midnight turn to it twice, clocks put forward may begin it at one o'clock.
 */
function firstInstantOf(midnight: number, zone: string): number {
  const local = localClock(zone)
  const candidates = [midnight - DAY_MS, midnight + DAY_MS]
    .map((near) => midnight - (local(near) - near))
    .filter((instant) => local(instant) >= midnight && local(instant - 1) < midnight)
  return candidates.length === 0 ? midnight : Math.max(...candidates)
}

/** What a clock in the zone shows at an instant, as if it were UTC. */
function localClock(zone: string): (instant: number) => number {
  const format = new Intl.DateTimeFormat('en-US', {
    timeZone: zone,
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
  })
  return (instant) => {
    const parts = new Map(format.formatToParts(instant).map(({ type, value }) => [type as string, Number(value)]))
    const part = (type: string): number => parts.get(type) ?? 0
    const seconds = Date.UTC(part('year'), part('month') - 1, part('day'), part('hour'), part('minute'), part('second'))
    return seconds + (((instant % 1000) + 1000) % 1000)
  }
}
