import { Command } from 'commander'
import type { HostPolicyStatus } from '@sallyport/agent'
import { author } from '../input/author.ts'
import { ask } from '../input/host-socket.ts'
import { stateOption } from '../input/state-options.ts'
import { examples, jsonOption } from '../input/options.ts'
import { describePolicy } from '../output/host-status.ts'
import { printJson, printLine } from '../output/print.ts'
import { parseCount } from './flows.ts'

type Options = { readonly to?: number; readonly state: string; readonly json?: boolean }

export function rollbackCommand(): Command {
  return new Command('rollback')
    .description('put the policy before this one in force again')
    .option('--to <version>', 'this version instead', parseCount)
    .addOption(stateOption())
    .addOption(jsonOption())
    .addHelpText('after', examples('sallyport rollback', 'sallyport rollback --to 3'))
    .action(async ({ to, state, json }: Options) => {
      const status = (await ask(state, '/rollback', { author: author(), version: to ?? null })) as HostPolicyStatus
      if (json === true) printJson(status)
      else printLine(describePolicy(status, Date.now()))
    })
}
