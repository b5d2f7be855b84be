import { Option } from 'commander'

/** An option that may be given again and again. */
export function repeatable(flags: string, description: string): Option {
  return new Option(flags, description)
    .argParser((value: string, earlier: readonly string[]) => [...earlier, value])
    .default([], 'none')
}

export const feedOption = (): Option =>
  repeatable('--feed <name=file>', 'a feed the policy names: a file of names or prefixes')
export const jsonOption = (): Option => new Option('--json', 'print JSON for programs')
export const atOption = (): Option => new Option('--at <time>', 'decide as of this time instead of now')

/** Commander's help text for examples. */
export function examples(...lines: readonly string[]): string {
  return `\nExamples:\n${lines.map((line) => `  $ ${line}`).join('\n')}\n`
}
