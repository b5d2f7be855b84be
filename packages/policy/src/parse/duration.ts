import { quote } from './describe.ts'
import type { Path, Report } from './problem.ts'
import { finding } from './scope.ts'

const UNIT_SECONDS = { s: 1, min: 60, h: 3600, d: 86_400 } as const

/** `90s`, `5min`, `6h` or `7d`, as seconds; none at all is `0s`. */
export function readDuration(text: string, path: Path, report: Report): number | null {
  const [, amount, unit] = /^(0|[1-9]\d{0,5})(s|min|h|d)$/.exec(text) ?? []
  if (amount !== undefined) return Number(amount) * UNIT_SECONDS[unit as keyof typeof UNIT_SECONDS]
  const found = quote(text)
  report(finding('wrong-value', path, `${found} is no time`, { found, allowed: ['90s', '5min', '6h', '7d'] }))
  return null
}

/** In the largest unit that it is a whole number of. */
export function formatDuration(seconds: number): string {
  const [unit, length] = Object.entries(UNIT_SECONDS).findLast(([, each]) => seconds % each === 0)!
  return seconds === 0 ? '0s' : `${seconds / length}${unit}`
}
