import type { observed } from '../labelled-traffic.ts'

export const MINUTE = 60_000
export const HOUR = 3_600_000
export const DAY = 86_400_000

export type Machine = {
  readonly device: string
  /** A program that only this machine has. */
  readonly agent: string
  readonly user: string
  readonly days: number
  /** Sites, the most asked for first. */
  readonly sites: readonly string[]
  readonly next: () => number
}

type Facts = Parameters<typeof observed>[1]
export type Emit = (timeMs: number, facts: Facts, denied?: boolean) => void

/** Whether people are at work: the first day is a Thursday. */
export const isWorkday = (day: number): boolean => (day + 3) % 7 < 5

/** Pauses of people: a long tail. */
export function pause(next: () => number, meanMs: number): number {
  return 1000 + (Math.log(1 - next()) ** 2 * meanMs) / 2
}

/** By Zipf's law: the tenth most popular a tenth as often as the first. */
export function popular(sites: readonly string[], next: () => number): string {
  return sites[Math.min(sites.length - 1, Math.floor(sites.length ** next()) - 1)]!
}

/** One address for each name; several names share one. */
export function addressOf(name: string): string {
  let hash = 7
  for (const letter of name) hash = (Math.imul(hash, 31) + letter.charCodeAt(0)) >>> 0
  return `198.${18 + (hash & 1)}.${(hash >>> 8) & 255}.${(hash >>> 16) & 255}`
}
