import { Command, Option } from 'commander'
import type { HostPolicyStatus } from '@sallyport/agent'
import type { Mode } from '@sallyport/policy'
import { author } from '../input/author.ts'
import { parseSeconds } from '../input/duration.ts'
import { ask } from '../input/host-socket.ts'
import { stateOption } from '../input/state-options.ts'
import { examples, jsonOption } from '../input/options.ts'
import { readPolicyTexts } from '../input/policy-texts.ts'
import { printJson, printLine } from '../output/print.ts'
import { describePolicy } from '../output/host-status.ts'

type Options = {
  readonly mode?: Mode
  readonly confirm?: number
  readonly reason: string
  readonly state: string
  readonly json?: boolean
}

export function applyCommand(): Command {
  return new Command('apply')
    .description('put a policy in force on this host, at once and as a whole')
    .argument('<policy...>', 'policy files, each a layer')
    .addOption(
      new Option('--mode <mode>', 'only watch, or enforce; as it is now unless given').choices(['monitor', 'enforce']),
    )
    .option('--confirm <time>', 'undo it after this time, such as 60s or 5m, unless it is confirmed', parseSeconds)
    .option('--reason <text>', 'kept with the version', '')
    .addOption(stateOption())
    .addOption(jsonOption())
    .addHelpText(
      'after',
      examples(
        'sallyport apply policy.yaml',
        'sallyport apply policy.yaml --mode enforce --confirm 60s --reason "ticket 7"',
      ),
    )
    .action(async (paths: readonly string[], { mode, confirm, reason, state, json }: Options) => {
      const files = await readPolicyTexts(paths)
      const change = { files, mode: mode ?? null, author: author(), reason, confirmSeconds: confirm ?? null }
      const status = (await ask(state, '/apply', change)) as HostPolicyStatus
      if (json === true) printJson(status)
      else printLine(describePolicy(status, Date.now()))
    })
}
