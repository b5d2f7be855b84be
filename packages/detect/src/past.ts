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

/** Everything that was recorded, in short. */
export type Past = {
  readonly nowMs: number
  /** When recording began. */
  readonly sinceMs: number
  readonly habits: readonly Habit[]
  /** Devices, users and addresses of all flows. */
  readonly users: number
}

export const DAY_MS = 86_400_000

/** Versions and build numbers of one application are one application. */
export function withoutVersion(path: string): string {
  return path.replace(/[0-9a-f]{8,}|\d+(?:[._-]\d+)*/g, '#')
}

/** What someone registered, else the address or the name itself. */
export function ownerOf(destination: string): string {
  return getDomain(destination, { allowPrivateDomains: true }) ?? destination
}
