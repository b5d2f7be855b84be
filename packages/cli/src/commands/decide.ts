import { createReadStream } from 'node:fs'
import { Readable } from 'node:stream'
import { Command, Option } from 'commander'
import { compilePolicy, type CompiledPolicy } from '@sallyport/compile'
import { STAGES, type Stage } from '@sallyport/policy'
import { isJson, readFlow } from '../input/flow.ts'
import { readLines, type Line } from '../input/json-lines.ts'
import { atOption, examples, feedOption, jsonOption } from '../input/options.ts'
import { readPolicy } from '../input/policy-files.ts'
import { fileError } from '../input/read-text-file.ts'
import { parseTime } from '../input/time.ts'
import { readWorld } from '../input/world.ts'
import { note, printSlowly } from '../output/print.ts'
import type { Answer } from './answer.ts'

type Options = {
  readonly flow: string
  readonly stage?: Stage
  readonly failOnDeny?: boolean
  readonly at?: string
  readonly feed: readonly string[]
}

export function decideCommand(answer: Answer): Command {
  return new Command('decide')
    .description('decide flows: JSON Lines of flow facts in, JSON Lines of verdicts out')
    .argument('<policy...>', 'policy files, each a layer')
    .option('--flow <flow>', 'flows to decide, one a line: JSON, a file, or - for the standard input', '-')
    .addOption(new Option('--stage <stage>', 'decide with the facts known at this stage').choices(STAGES))
    .option('--fail-on-deny', 'exit with 1 when a flow is denied')
    .addOption(jsonOption('print errors as JSON too'))
    .addOption(atOption())
    .addOption(feedOption())
    .addHelpText(
      'after',
      examples(
        `echo '{"domain":"github.com","port":443,"transport":"tcp"}' | sallyport decide policy.yaml`,
        'sallyport decide org.yaml team.yaml --flow flows.jsonl --fail-on-deny',
      ),
    )
    .action(async (files: readonly string[], options: Options) => {
      const policy = await readPolicy(files)
      const world = await readWorld(options.feed, policy)
      answer(await decideFlows(compilePolicy(policy, world, { atMs: parseTime(options.at) }), options))
    })
}

async function decideFlows(policy: CompiledPolicy, options: Options): Promise<number> {
  let invalid = 0
  let denied = 0
  const judge = (line: Line): object => {
    const flow = 'text' in line ? readFlow(line.text) : line
    if ('problem' in flow) {
      invalid++
      note(`${nameOfFlows(options.flow)}:${line.number}: ${flow.problem}`)
      return { error: { code: 'flow-invalid', line: line.number, message: flow.problem } }
    }
    const verdict = policy.decide(flow.value, options.stage)
    if (verdict.verdict === 'deny') denied++
    return verdict
  }
  const input = openFlows(options.flow)
  try {
    for await (const line of readLines(input)) await printSlowly(`${JSON.stringify(judge(line))}\n`)
  } catch (error) {
    throw fileError(options.flow, error)
  }
  if (invalid > 0) return 2
  return options.failOnDeny === true && denied > 0 ? 1 : 0
}

function openFlows(argument: string): Readable {
  if (isJson(argument)) return Readable.from([Buffer.from(argument)])
  return argument === '-' ? process.stdin : createReadStream(argument)
}

function nameOfFlows(argument: string): string {
  if (isJson(argument)) return '--flow'
  return argument === '-' ? 'standard input' : argument
}
