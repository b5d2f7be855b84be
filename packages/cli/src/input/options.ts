import { Option } from 'commander'
import { SallyportError } from '@sallyport/policy'

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
export const jsonOption = (what = 'print JSON for programs'): Option => new Option('--json', what)
export const atOption = (): Option => new Option('--at <time>', 'decide as of this time instead of now')

function parseDays(text: string): number {
  if (/^[1-9]\d{0,3}$/.test(text)) return Number(text)
  throw new SallyportError('usage', `--keep-days: "${text}" is not a number of days from 1 to 9999`)
}

/** Commander's help text for examples. */
export function examples(...lines: readonly string[]): string {
  return `\nExamples:\n${lines.map((line) => `  $ ${line}`).join('\n')}\n`
}
