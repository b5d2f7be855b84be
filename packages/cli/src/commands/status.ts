import { Command, Option } from 'commander'
import type { HostStatus } from '@sallyport/agent'
import type { PolicyVersion } from '@sallyport/store'
import { ask } from '../input/host-socket.ts'
import { stateOption } from '../input/state-options.ts'
import { examples, jsonOption } from '../input/options.ts'
import { describeHost } from '../output/host-status.ts'
import { printJson, printLine } from '../output/print.ts'
import { printable } from '../output/style.ts'
import { parseCount } from './flows.ts'

type Options = {
  readonly versions?: boolean
  readonly changes?: number
  readonly state: string
  readonly json?: boolean
}
type Version = Omit<PolicyVersion, 'files'>

export function statusCommand(): Command {
  return new Command('status')
    .description('what guards this host now: policy, mode, trial, counters')
    .option('--versions', 'list the policies that were applied, newest first')
    .addOption(
      new Option('--changes <version>', 'what that version changed in the one before it, as a diff')
        .argParser(parseCount)
        .conflicts('versions'),
    )
    .addOption(stateOption())
    .addOption(jsonOption())
    .addHelpText(
      'after',
      examples('sallyport status', 'sallyport status --versions --json', 'sallyport status --changes 3'),
    )
    .action(async ({ versions, changes, state, json }: Options) => {
      if (changes !== undefined) {
        const { diff } = (await ask(state, '/versions/changes', { version: changes })) as { readonly diff: string }
        if (json === true) return printJson({ version: changes, diff })
        return printLine(diff === '' ? 'the same text' : diff.replace(/[^\n\t]+/g, printable).trimEnd())
      }
      const status = (await ask(state, '/status')) as HostStatus
      const all = versions === true ? ((await ask(state, '/versions')) as readonly Version[]) : null
      if (json === true) return printJson(all === null ? status : { ...status, versions: all })
      printLine(describeHost(status, Date.now()))
      for (const version of all ?? []) printLine(describeVersion(version, status.policy.version))
    })
}

function describeVersion({ version, author, reason, createdMs, mode }: Version, inForce: number | null): string {
  const mark = version === inForce ? '*' : ' '
  const text = [new Date(createdMs).toISOString(), mode.padEnd(7), author, reason].join('  ').trimEnd()
  return `${mark} ${String(version).padStart(4)}  ${printable(text)}`
}
