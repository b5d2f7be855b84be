import type { Rule, Schedule } from '../policy.ts'

const WEEKDAYS = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat']

/** Whether the rule is in force at that instant: its schedule holds and its `until` has not passed. */
export function inForce(rule: Rule, timeMs: number): boolean {
  if (rule.untilMs !== null && timeMs >= rule.untilMs) return false
  return rule.when === null || rule.when.some((schedule) => scheduleHolds(schedule, timeMs))
}

/** Hours that run over midnight belong to the day on which they began. */
function scheduleHolds(schedule: Schedule, timeMs: number): boolean {
  const { day, minute } = localTime(timeMs, schedule.zone)
  const yesterday = (day + 6) % 7
  return schedule.hours.some(({ fromMinute, toMinute }) => {
    if (fromMinute < toMinute) return schedule.days.includes(day) && minute >= fromMinute && minute < toMinute
    return (
      (schedule.days.includes(day) && minute >= fromMinute) || (schedule.days.includes(yesterday) && minute < toMinute)
    )
  })
}

function localTime(timeMs: number, zone: string): { day: number; minute: number } {
  const format = new Intl.DateTimeFormat('en-US', {
    timeZone: zone,
    weekday: 'short',
    hour: 'numeric',
    minute: 'numeric',
    hourCycle: 'h23',
  })
  const parts = new Map(format.formatToParts(timeMs).map((part) => [part.type, part.value]))
  return {
    day: WEEKDAYS.indexOf(parts.get('weekday') ?? ''),
    minute: Number(parts.get('hour')) * 60 + Number(parts.get('minute')),
  }
}
