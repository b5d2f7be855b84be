import { Option } from 'commander'
import { SallyportError } from '@sallyport/policy'

/** Of less, an hour may not fit. */
const LEAST_KEPT_BYTES = 1e8

/** An option that may be given again and again. */
export function repeatable(flags: string, description: string): Option {
  return new Option(flags, description)
    .argParser((value: string, earlier: readonly string[]) => [...earlier, value])
    .default([], 'none')
}

export const feedOption = (): Option =>
  repeatable('--feed <name=file>', 'a feed the policy names: a file of names or prefixes')
export const keepDaysOption = (): Option =>
  new Option('--keep-days <days>', 'flows and alerts older than that are removed').argParser(parseDays).default(90)
export const keepBytesOption = (): Option =>
  new Option(
    '--keep-bytes <size>',
    'the oldest flows are removed when the store takes more; default: half of its disk',
  ).argParser(parseSize)
export const jsonOption = (what = 'print JSON for programs'): Option => new Option('--json', what)
export const atOption = (): Option => new Option('--at <time>', 'decide as of this time instead of now')

function parseDays(text: string): number {
  if (/^[1-9]\d{0,3}$/.test(text)) return Number(text)
  throw new SallyportError('usage', `--keep-days: "${text}" is not a number of days from 1 to 9999`)
}

function parseSize(text: string): number {
  const [, digits, unit] = /^([1-9]\d{0,5})(MB|GB|TB)$/.exec(text) ?? []
  const bytes = Number(digits) * { MB: 1e6, GB: 1e9, TB: 1e12 }[unit as 'MB']
  if (bytes >= LEAST_KEPT_BYTES) return bytes
  throw new SallyportError('usage', `--keep-bytes: "${text}" is not a size from 100MB on, as in 500MB, 20GB, 1TB`)
}

/** Commander's help text for examples. */
export function examples(...lines: readonly string[]): string {
  return `\nExamples:\n${lines.map((line) => `  $ ${line}`).join('\n')}\n`
}
