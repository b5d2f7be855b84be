import { formatAddress } from '@sallyport/net'
import { destinationOf, subjectOf } from '../../src/observed.ts'
import {
  COMMON_SHARE,
  FREQUENT_CALLS,
  LEAST_USERS,
  LONG_MS,
  SELDOM_CALLS,
  UPLOAD_BYTES,
  type Habit,
  type LongConnection,
  type ObservedFlow,
  type Past,
  type SentHour,
  type TimedCalls,
} from '../../src/index.ts'
import { DAY, HOUR } from './machine.ts'

type Entry = {
  readonly subject: string
  readonly destination: string
  readonly times: number[]
  readonly hours: Set<number>
  readonly days: Set<number>
  readonly users: Set<string>
}

/** Counts the past as the store does (`readPast`), flow by flow. */
export class PastBook {
  readonly #entries = new Map<string, Entry>()
  readonly #users = new Set<string>()
  readonly #sent = new Map<string, { -readonly [key in keyof SentHour]: SentHour[key] } & { most: number }>()
  readonly #pairs = new Map<
    string,
    {
      readonly subject: string
      readonly destination: string
      readonly calls: [timeMs: number, bytesOut: number | null][]
    }
  >()
  readonly #long: LongConnection[] = []
  #sinceMs = Number.POSITIVE_INFINITY

  add(each: ObservedFlow): void {
    const { flow, timeMs } = each
    this.#addTo(each)
    const user = JSON.stringify([flow.device, flow.user, flow.src ? formatAddress(flow.src) : ''])
    this.#sinceMs = Math.min(this.#sinceMs, timeMs)
    this.#users.add(user)
    const subject = flow.app ?? (flow.src ? formatAddress(flow.src) : '')
    const destination = flow.domain ?? flow.boundNames?.[0] ?? (flow.dst ? formatAddress(flow.dst) : '')
    if (subject === '' || destination === '') return
    const key = JSON.stringify([subject, destination])
    const none = {
      subject,
      destination,
      times: [],
      hours: new Set<number>(),
      days: new Set<number>(),
      users: new Set<string>(),
    }
    const entry = this.#entries.get(key) ?? none
    this.#entries.set(key, entry)
    entry.times.push(timeMs)
    entry.hours.add(Math.floor(timeMs / HOUR))
    entry.days.add(Math.floor(timeMs / DAY))
    entry.users.add(user)
  }

  #addTo(each: ObservedFlow): void {
    const [subject, destination] = [subjectOf(each), destinationOf(each)]
    const { bytesOut, bytesIn, durationMs } = each.flow
    const hourMs = Math.floor(each.timeMs / HOUR) * HOUR
    if ((bytesOut ?? 0) > 0) {
      const hour = this.#sent.get(`${subject} ${hourMs}`) ?? {
        subject,
        destination,
        hourMs,
        bytesOut: 0,
        bytesIn: 0,
        firstMs: each.timeMs,
        lastMs: each.timeMs,
        most: 0,
      }
      if (bytesOut! > hour.most) [hour.most, hour.destination] = [bytesOut!, destination]
      hour.lastMs = each.timeMs
      hour.bytesOut += bytesOut!
      hour.bytesIn += bytesIn ?? 0
      this.#sent.set(`${subject} ${hourMs}`, hour)
    }
    const key = JSON.stringify([subject, destination])
    const pair = this.#pairs.get(key) ?? { subject, destination, calls: [] }
    pair.calls.push([each.timeMs, bytesOut ?? null])
    this.#pairs.set(key, pair)
    if ((durationMs ?? 0) >= LONG_MS)
      this.#long.push({
        subject,
        destination,
        startMs: each.timeMs,
        durationMs: durationMs!,
        bytesOut: bytesOut ?? 0,
        bytesIn: bytesIn ?? 0,
      })
  }

  #common(): readonly string[] {
    if (this.#users.size < LEAST_USERS) return []
    const usersOf = Map.groupBy(this.#entries.values(), ({ destination }) => destination)
    return [...usersOf].flatMap(([destination, entries]) => {
      const users = new Set(entries.flatMap((entry) => [...entry.users]))
      return users.size >= this.#users.size * COMMON_SHARE ? destination : []
    })
  }

  at(nowMs: number): Past {
    const habits = [...this.#entries.values()].map(({ subject, destination, times, hours, days, users }): Habit => ({
      subject,
      destination,
      firstMs: times[0]!,
      lastMs: times.at(-1)!,
      flows: times.length,
      hours: hours.size,
      days: days.size,
      users: users.size,
    }))
    const calls = [...this.#pairs.values()].flatMap((pair): TimedCalls[] => {
      const times = pair.calls.map(([timeMs]) => timeMs)
      const recent = times.filter((time) => time >= nowMs - DAY)
      const isSeldom =
        times.length >= SELDOM_CALLS.least &&
        times.length <= SELDOM_CALLS.most &&
        new Set(times.map((time) => Math.floor(time / DAY))).size >= SELDOM_CALLS.days
      if (!isSeldom && recent.length < FREQUENT_CALLS.least) return []
      const { subject, destination } = pair
      const timesMs = times.length <= SELDOM_CALLS.most ? times : recent
      return [{ subject, destination, timesMs, bytesOut: pair.calls.flatMap(([, bytes]) => bytes ?? []).slice(-1000) }]
    })
    const busy = new Set(
      [...this.#sent.values()].flatMap((each) => (each.bytesOut >= UPLOAD_BYTES ? each.subject : [])),
    )
    const long = this.#long.filter(({ startMs, durationMs }) => startMs + durationMs <= nowMs)
    return {
      nowMs,
      sinceMs: this.#sinceMs,
      users: this.#users.size,
      habits,
      hasEveryHabit: true,
      common: this.#common(),
      sent: [...this.#sent.values()].filter(({ subject }) => busy.has(subject)),
      long,
      calls,
    }
  }
}
