import type { Limit } from '../policy.ts'
import type { LimitInput } from '../schema/input.ts'
import { describe } from './describe.ts'
import type { Path, Report } from './problem.ts'
import { finding } from './scope.ts'

const BYTES: { readonly [unit: string]: number } = {
  '': 1, B: 1, kB: 1e3, KB: 1e3, MB: 1e6, GB: 1e9, TB: 1e12, KiB: 2 ** 10, MiB: 2 ** 20, GiB: 2 ** 30, TiB: 2 ** 40,
} // prettier-ignore
const SECONDS: { readonly [unit: string]: number } = { s: 1, min: 60, h: 3600, d: 86400, day: 86400, week: 604800 }

export function readLimit(limit: LimitInput, path: Path, report: Report): Limit | null {
  const counters = Object.entries(limit).flatMap(([counter, value]) => {
    if (value === undefined) return []
    const parsed = parseLimit(String(value), counter !== 'connections')
    if (parsed !== null) return [[counter, parsed] as const]
    const allowed =
      counter === 'connections' ? ['100', '100/min', '20/10s'] : ['200MB', '200MB/h', '1GiB/day', '64KiB/10s']
    const near = typeof value === 'string' ? tidyLimit(value, counter !== 'connections') : null
    report(
      finding('bad-limit', [...path, counter], `${describe(value)} is not a limit`, {
        found: describe(value),
        allowed,
        nearest: near,
      }),
    )
    return []
  })
  if (Object.keys(limit).length === 0) {
    report(
      finding('empty-list', path, 'a limit without a counter', { allowed: ['bytesOut', 'bytesIn', 'connections'] }),
    )
  }
  return counters.length === 0 ? null : Object.fromEntries(counters)
}

function parseLimit(text: string, bytes: boolean): Limit[string] | null {
  const match = /^(\d+(?:\.\d+)?)([A-Za-z]*)(?:\/(\d*)([a-z]+))?$/.exec(text)
  if (match === null) return null
  const [, digits, unit = '', count = '', per] = match
  if (!Object.hasOwn(BYTES, unit) || (!bytes && unit !== '')) return null
  if (per !== undefined && (!Object.hasOwn(SECONDS, per) || count === '0')) return null
  const amount = Math.round(Number(digits) * BYTES[unit]! * 1e6) / 1e6
  const perSeconds = per === undefined ? null : Number(count === '' ? 1 : count) * SECONDS[per]!
  if (!Number.isSafeInteger(amount) || (perSeconds !== null && !(perSeconds > 0 && Number.isSafeInteger(perSeconds))))
    return null
  return { amount, perSeconds }
}

function tidyLimit(text: string, bytes: boolean): string | null {
  const units = Object.keys(BYTES)
  const tidy = text
    .replace(/\s+/g, '')
    .replace(/^([\d.]+)([A-Za-z]+)/, (_, digits: string, unit: string) => {
      const right = units.find((candidate) => candidate.toLowerCase() === unit.toLowerCase())
      return `${digits}${right ?? units.find((candidate) => candidate === `${unit.toUpperCase()}B`) ?? unit}`
    })
    .replace(/\/(\d*)(\w+)$/, (_, count: string, per: string) => {
      const right =
        Object.keys(SECONDS).find((unit) => per.toLowerCase().startsWith(unit)) ?? (/^m/i.test(per) ? 'min' : per)
      return `/${count}${right}`
    })
  return parseLimit(tidy, bytes) === null ? null : tidy
}
