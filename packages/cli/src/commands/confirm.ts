import { Command } from 'commander'
import type { HostPolicyStatus } from '@sallyport/agent'
import { author } from '../input/author.ts'
import { ask } from '../input/host-socket.ts'
import { stateOption } from '../input/state-options.ts'
import { examples, jsonOption } from '../input/options.ts'
import { describePolicy } from '../output/host-status.ts'
import { printJson, printLine } from '../output/print.ts'

export function confirmCommand(): Command {
  return new Command('confirm')
    .description('keep the policy that apply --confirm put on trial')
    .addOption(stateOption())
    .addOption(jsonOption())
    .addHelpText('after', examples('sallyport confirm'))
    .action(async ({ state, json }: { readonly state: string; readonly json?: boolean }) => {
      const status = (await ask(state, '/confirm', { author: author() })) as HostPolicyStatus
      if (json === true) printJson(status)
      else printLine(describePolicy(status, Date.now()))
    })
}
