import { getDomain } from 'tldts'

/** What one application, or one address that no application is known of, had to do with one destination so far. */
export type Habit = {
  readonly subject: string
  readonly destination: string
  readonly firstMs: number
  readonly lastMs: number
  readonly flows: number
  /** Hours with a flow. */
  readonly hours: number
  /** Days with a flow. */
  readonly days: number
  /** Devices, users and addresses that took part. */
  readonly users: number
}

/** What a subject, named as in alerts, sent and received in an hour in which it sent anything. */
export type SentHour = {
  readonly subject: string
  readonly hourMs: number
  readonly bytesOut: number
  readonly bytesIn: number
}

/** A connection that was open for hours. */
export type LongConnection = {
  readonly subject: string
  readonly destination: string
  readonly startMs: number
  readonly durationMs: number
  readonly bytesOut: number
  readonly bytesIn: number
}

/** Calls of one subject to one destination, of which there are few enough to list, on three days or more. */
export type SeldomCalls = {
  readonly subject: string
  readonly destination: string
  readonly timesMs: readonly number[]
}

/** Everything that was recorded, in short. */
export type Past = {
  readonly nowMs: number
  /** When recording began. */
  readonly sinceMs: number
  readonly habits: readonly Habit[]
  /** Devices, users and addresses of all flows. */
  readonly users: number
  readonly sent: readonly SentHour[]
  /** Those of {@link LONG_MS} or more. */
  readonly long: readonly LongConnection[]
  readonly seldom: readonly SeldomCalls[]
}

export const LONG_MS: number = 4 * 3_600_000

export const DAY_MS = 86_400_000

/** Versions and build numbers of one application are one application. */
export function withoutVersion(path: string): string {
  return path.replace(/[0-9a-f]{8,}|\d+(?:[._-]\d+)*/g, '#')
}

/** What someone registered, else the address or the name itself. */
export function ownerOf(destination: string): string {
  return getDomain(destination, { allowPrivateDomains: true }) ?? destination
}

/** Of so many users, what half of them use is no one's in particular. */
const LEAST_USERS = 10
const COMMON_SHARE = 0.5

/** Registrable names and addresses where half of the devices, users and addresses of a network of ten or more go. */
export function commonOwners(past: Past | null): ReadonlySet<string> {
  if (past === null || past.users < LEAST_USERS) return new Set()
  const common = past.habits.filter(({ users }) => users >= past.users * COMMON_SHARE)
  return new Set(common.map(({ destination }) => ownerOf(destination)))
}
