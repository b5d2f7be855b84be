import { Command } from 'commander'
import { decide, explainFlow, IMPLICIT_RULES, type RuleTrace, type Verdict } from '@sallyport/policy'
import { readFlowArgument } from '../input/flow.ts'
import { atOption, examples, feedOption, jsonOption } from '../input/options.ts'
import { readPolicy } from '../input/policy-files.ts'
import { parseTime } from '../input/time.ts'
import { readWorld } from '../input/world.ts'
import { printJson, printLine } from '../output/print.ts'
import { printable, styled } from '../output/style.ts'
import type { Answer } from './answer.ts'

type Options = {
  readonly flow?: string
  readonly implicit?: boolean
  readonly json?: boolean
  readonly at?: string
  readonly feed: readonly string[]
}

/** The last two are no flows, so that the policy language does not know them. */
const IMPLICIT = [
  ...IMPLICIT_RULES.map(({ id, what }) => ({ id, what })),
  { id: 'discovery', what: 'neighbour and router discovery, path MTU errors (ICMP)' },
  { id: 'sallyport', what: "Sallyport's own control and resolver traffic" },
]

export function explainCommand(answer: Answer): Command {
  return new Command('explain')
    .description('why a flow gets its verdict, rule by rule')
    .argument('[policy...]', 'policy files, each a layer')
    .option('--flow <flow>', 'the flow: JSON, a file, or - for the standard input')
    .option('--implicit', 'list what is allowed without a rule')
    .addOption(jsonOption())
    .addOption(atOption())
    .addOption(feedOption())
    .addHelpText(
      'after',
      examples(
        `sallyport explain policy.yaml --flow '{"domain":"github.com","port":443,"transport":"tcp"}'`,
        'sallyport explain --implicit',
      ),
    )
    .action(async (files: readonly string[], options: Options, command: Command) => {
      if (options.implicit === true) printImplicit(options.json === true)
      if (options.flow === undefined && options.implicit === true) return answer(0)
      if (files.length === 0) command.error("error: missing required argument 'policy'")
      if (options.flow === undefined) command.error("error: required option '--flow <flow>' not specified")
      const policy = await readPolicy(files)
      const world = await readWorld(options.feed, policy)
      const flow = await readFlowArgument(options.flow)
      const now = parseTime(options.at)
      const verdict = decide(policy, flow, world, now)
      const rules = explainFlow(policy, flow, world, now)
      if (options.json === true) printJson({ verdict, rules })
      else printTrace(verdict, rules)
      answer(0)
    })
}

function printImplicit(asJson: boolean): void {
  if (asJson) return printJson({ implicit: IMPLICIT })
  printLine('Allowed without a rule:')
  for (const { id, what } of IMPLICIT) printLine(`  ${id.padEnd(12)} ${what}`)
}

function printTrace(verdict: Verdict, rules: readonly RuleTrace[]): void {
  for (const { layer, rule, action, result, name, needs } of rules) {
    const mark = { holds: '=>', 'may hold': ' ?', 'does not hold': '  ', 'not in force': ' -' }[result]
    const why = [name === null ? '' : ` as ${name}`, needs.length === 0 ? '' : `, needs ${needs.join(', ')}`].join('')
    printLine(printable(`${mark} ${layer}/${rule} (${action}): ${result}${why}`))
  }
  const colour = { allow: 'green', deny: 'red', undetermined: 'yellow' } as const
  printLine(`${styled(colour[verdict.verdict], verdict.verdict)} at ${verdict.stage}: ${printable(verdict.explain)}`)
}
