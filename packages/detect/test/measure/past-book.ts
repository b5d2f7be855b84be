import { formatAddress } from '@sallyport/net'
import { destinationOf, subjectOf } from '../../src/observed.ts'
import type { Habit, LongConnection, ObservedFlow, Past, SentHour } from '../../src/index.ts'
import { LONG_MS } from '../../src/past.ts'
import { DAY, HOUR } from './machine.ts'

type Entry = {
  readonly subject: string
  readonly destination: string
  readonly times: number[]
  readonly hours: Set<number>
  readonly days: Set<number>
  readonly users: Set<string>
}

/** Counts the past as the store does (`pastHabits`), flow by flow. */
export class PastBook {
  readonly #entries = new Map<string, Entry>()
  readonly #users = new Set<string>()
  readonly #sent = new Map<string, { -readonly [key in keyof SentHour]: SentHour[key] }>()
  readonly #pairs = new Map<
    string,
    { readonly subject: string; readonly destination: string; readonly timesMs: number[] }
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
      const hour = this.#sent.get(`${subject} ${hourMs}`) ?? { subject, hourMs, bytesOut: 0, bytesIn: 0 }
      hour.bytesOut += bytesOut!
      hour.bytesIn += bytesIn ?? 0
      this.#sent.set(`${subject} ${hourMs}`, hour)
    }
    const key = JSON.stringify([subject, destination])
    const pair = this.#pairs.get(key) ?? { subject, destination, timesMs: [] }
    pair.timesMs.push(each.timeMs)
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
    const seldom = [...this.#pairs.values()].filter(
      ({ timesMs }) =>
        timesMs.length >= 10 &&
        timesMs.length <= 720 &&
        new Set(timesMs.map((time) => Math.floor(time / DAY))).size >= 3,
    )
    const long = this.#long.filter(({ startMs, durationMs }) => startMs + durationMs <= nowMs)
    return {
      nowMs,
      sinceMs: this.#sinceMs,
      users: this.#users.size,
      habits,
      sent: [...this.#sent.values()],
      long,
      seldom,
    }
  }
}
