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
  /** Where the flow went that carried most. */
  readonly destination: string
  /** Of its first flow and of its last. */
  readonly firstMs: number
  readonly lastMs: number
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

/** Calls of one subject to one destination that may be a timer's. */
export type TimedCalls = {
  readonly subject: string
  readonly destination: string
  /** Ascending: those of all days where they are few enough to list, else of the last day. */
  readonly timesMs: readonly number[]
  /** What some of them sent. */
  readonly bytesOut: readonly number[]
}

/** How many calls of a day may be a timer's; more than a call in five seconds are none. */
export const FREQUENT_CALLS = { least: 24, most: 20_000 } as const
/** The same over days, up to one an hour for 30 days: what is called more often shows within a day. */
export const SELDOM_CALLS = { least: 10, most: 720, days: 3 } as const
/** The least upload that may be unusual: of a subject that usually receives what it now sends. */
export const UPLOAD_BYTES = 10e6

/** Everything that was recorded, in short. */
export type Past = {
  readonly nowMs: number
  /** When recording began. */
  readonly sinceMs: number
  readonly habits: readonly Habit[]
  /** Else only those of applications that go to few destinations. */
  readonly hasEveryHabit: boolean
  /** Where half of the devices, users and addresses of a network of {@link LEAST_USERS} or more go. */
  readonly common: readonly string[]
  /** Devices, users and addresses of all flows. */
  readonly users: number
  /** All hours of each subject that sent {@link UPLOAD_BYTES} or more in one. */
  readonly sent: readonly SentHour[]
  /** Those of {@link LONG_MS} or more. */
  readonly long: readonly LongConnection[]
  readonly calls: readonly TimedCalls[]
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
export const LEAST_USERS = 10
export const COMMON_SHARE = 0.5

/** What is registered of {@link Past.common}. */
export function commonOwners(past: Past | null): ReadonlySet<string> {
  return new Set(past?.common.map(ownerOf))
}
