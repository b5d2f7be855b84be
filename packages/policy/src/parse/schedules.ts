import type { Schedule } from '../policy.ts'
import type { ScheduleInput } from '../schema/input.ts'
import { quote } from './describe.ts'
import { nearest } from './nearest.ts'
import type { Path, Report } from './problem.ts'
import { entries, finding, readEach } from './scope.ts'

const DAYS = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat']
const ALL_DAY = { fromMinute: 0, toMinute: 1440 }

export function readSchedule(input: ScheduleInput, path: Path, zone: string, report: Report): Schedule {
  const days = entries(input.days ?? 'sun-sat', [...path, 'days']).flatMap(([text, p]) => readDays(text, p, report))
  const hours =
    input.hours === undefined
      ? [ALL_DAY]
      : readEach(input.hours, [...path, 'hours'], (text, p) => readHours(text, p, report))
  if (input.zone !== undefined) checkZone(input.zone, [...path, 'zone'], report)
  return { days: [...new Set(days)].sort((a, b) => a - b), hours, zone: input.zone ?? zone }
}

function readDays(text: string, path: Path, report: Report): readonly number[] {
  const ends = text.split('-')
  const indexes = ends.map((end) => DAYS.indexOf(end))
  const [first, last] = [indexes[0]!, indexes.at(-1)!]
  if (indexes.includes(-1) || indexes.length > 2) {
    const near =
      ends.length > 2
        ? null
        : ends.map((end) => DAYS.find((day) => day === end.slice(0, 3).toLowerCase()) ?? nearest(end, DAYS))
    const allowed = [...DAYS, 'ranges such as mon-fri']
    const right = near === null || near.includes(null) ? null : near.join('-')
    report(
      finding('bad-schedule', path, `${quote(text)} is not a day`, { found: quote(text), allowed, nearest: right }),
    )
    return []
  }
  return Array.from({ length: ((last - first + 7) % 7) + 1 }, (_, index) => (first + index) % 7)
}

function readHours(text: string, path: Path, report: Report): Schedule['hours'][number] | null {
  const match = /^([01]\d|2[0-3]):([0-5]\d)-(?:([01]\d|2[0-3]):([0-5]\d)|24:00)$/.exec(text)
  if (match !== null) {
    const toMinute = match[3] === undefined ? 1440 : Number(match[3]) * 60 + Number(match[4])
    return { fromMinute: Number(match[1]) * 60 + Number(match[2]), toMinute }
  }
  const allowed = ['"08:00-18:00"', '"22:00-06:00" (over midnight)', '"00:00-24:00"']
  report(
    finding('bad-schedule', path, `${quote(text)} is not a span of hours`, {
      found: quote(text),
      allowed,
      nearest: tidyHours(text),
    }),
  )
  return null
}

function tidyHours(text: string): string | null {
  const loose = /^\s*(\d{1,2})(?::(\d{2}))?\s*[-–]\s*(\d{1,2})(?::(\d{2}))?\s*$/.exec(text)
  if (loose === null) return null
  const [, h1, m1 = '00', h2, m2 = '00'] = loose
  const tidy = `${h1!.padStart(2, '0')}:${m1}-${h2!.padStart(2, '0')}:${m2}`
  return /^([01]\d|2[0-3]):[0-5]\d-(([01]\d|2[0-3]):[0-5]\d|24:00)$/.test(tidy) ? tidy : null
}

export function checkZone(zone: string, path: Path, report: Report): boolean {
  if (isZone(zone)) return true
  const near = nearest(zone, ['UTC', ...Intl.supportedValuesOf('timeZone')])
  const allowed = ['an IANA time zone such as Europe/Berlin', 'UTC']
  report(finding('bad-zone', path, `${quote(zone)} is not a time zone`, { found: quote(zone), allowed, nearest: near }))
  return false
}

function isZone(zone: string): boolean {
  if (!/^[A-Za-z]/.test(zone)) return false
  try {
    new Intl.DateTimeFormat('en-US', { timeZone: zone })
    return true
  } catch {
    return false
  }
}
