import { Command } from 'commander'
import { diffPolicies, type Region } from '@sallyport/compile'
import { flowFacts, type Flow } from '@sallyport/policy'
import { atOption, examples, feedOption, jsonOption } from '../input/options.ts'
import { readPolicy } from '../input/policy-files.ts'
import { parseTime } from '../input/time.ts'
import { readWorld } from '../input/world.ts'
import { printJson, printLine } from '../output/print.ts'
import { printable, styled } from '../output/style.ts'
import type { Answer } from './answer.ts'

type Options = { readonly json?: boolean; readonly at?: string; readonly feed: readonly string[] }

export function diffCommand(answer: Answer): Command {
  return new Command('diff')
    .description('the flows whose verdict changes between two policies; exit code 1 when there are any')
    .argument('<old>', 'the policy as it was; several layers are joined by commas')
    .argument('<new>', 'the policy as it would be')
    .addOption(jsonOption())
    .addOption(atOption())
    .addOption(feedOption())
    .addHelpText(
      'after',
      examples('sallyport diff policy.yaml candidate.yaml', 'sallyport diff org.yaml,a.yaml org.yaml,b.yaml --json'),
    )
    .action(async (before: string, after: string, options: Options) => {
      const [old, candidate] = [await readPolicy(before.split(',')), await readPolicy(after.split(','))]
      const world = await readWorld(options.feed, old, candidate)
      const regions = diffPolicies(old, candidate, world, parseTime(options.at))
      if (options.json === true) printJson({ equal: regions.length === 0, regions: regions.map(regionFacts) })
      else printRegions(regions)
      answer(regions.length === 0 ? 0 : 1)
    })
}

function regionFacts({ description, before, after, witness }: Region): object {
  return { description, before, after, witness: flowFacts(witness) }
}

function printRegions(regions: readonly Region[]): void {
  if (regions.length === 0) return printLine('The policies decide every flow alike.')
  for (const { description, before, after, witness } of regions) {
    printLine(`${styled('red', before.verdict)} -> ${styled('green', after.verdict)}  ${printable(description)}`)
    printLine(styled('dim', `    for example ${printable(knownFacts(witness))}`))
  }
}

function knownFacts(flow: Flow): string {
  const text = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value))
  return Object.entries(flowFacts(flow))
    .flatMap(([fact, value]) => (value === null ? [] : [`${fact} ${text(value)}`]))
    .join(', ')
}
