import { join } from 'node:path'
import { Command, Option } from 'commander'
import { learnPolicy, runGuarded } from '@sallyport/agent'
import { FlowAggregate, foldAddressSelection, hasLeft } from '@sallyport/flow'
import { formatPolicy, type Mode } from '@sallyport/policy'
import { examples, feedOption, jsonOption, repeatable } from '../input/options.ts'
import { stateDirectory } from '../input/state-directory.ts'
import { readRunPolicy } from '../input/run-policy.ts'
import { parseUpstream } from '../input/upstream.ts'
import { fetchMissingFeeds } from '../input/feed-refresh.ts'
import { readWorld } from '../input/world.ts'
import { recordFlows } from '../output/flow-recording.ts'
import { openReport } from '../output/flow-report.ts'
import { note } from '../output/print.ts'
import { describeRun, type RunSummary } from '../output/run-summary.ts'
import { requireAbsent, writeTextFile } from '../output/write-text-file.ts'
import type { Answer } from './answer.ts'

type Options = {
  readonly policy: readonly string[]
  readonly allow: readonly string[]
  readonly mode?: Mode
  readonly report?: string
  readonly record: string | false
  readonly learn?: string
  readonly force?: boolean
  readonly quiet?: boolean
  readonly json?: boolean
  readonly feed: readonly string[]
  readonly upstream: readonly string[]
}

export function runCommand(answer: Answer): Command {
  return new Command('run')
    .description('run a command; only what the policy authorises leaves')
    .usage('[options] -- <command...>')
    .argument('<command...>', 'the command and its arguments')
    .addOption(repeatable('--policy <file>', 'a policy file; several are layers'))
    .addOption(
      repeatable('--allow <destination>', 'a domain, address, prefix, URL, host:port or service:NAME to allow'),
    )
    .addOption(
      new Option('--mode <mode>', 'only watch, or enforce, whatever the policy says').choices(['monitor', 'enforce']),
    )
    .option('--report <file>', 'write every flow and its verdict as JSON Lines')
    .option('--record <dir>', 'spool the flows for `sallyport flows` here', join(stateDirectory(), 'spool'))
    .option('--no-record', 'spool no flows')
    .option('--learn <file>', 'write the least policy that this run needed')
    .option('--force', 'write what is learned over a file that is there')
    .option('--quiet', 'print no summary')
    .addOption(jsonOption())
    .addOption(feedOption())
    .addOption(repeatable('--upstream <address>', 'a DNS server to ask instead of those of /etc/resolv.conf'))
    .passThroughOptions()
    .addHelpText(
      'after',
      examples(
        'sallyport run --allow github.com -- git clone https://github.com/nodejs/undici',
        'sallyport run --policy ci.yaml --report flows.jsonl -- npm ci',
        'sallyport run --allow 0.0.0.0/0 --mode monitor --learn learned.yaml -- make',
      ),
    )
    .action(async (command: readonly string[], options: Options) => answer(await run(command, options)))
}

async function run(command: readonly string[], options: Options): Promise<number> {
  if (options.learn !== undefined && options.force !== true) await requireAbsent(options.learn)
  const policy = await readRunPolicy(options.policy, options.allow, options.mode ?? null, options.feed)
  await fetchMissingFeeds(options.feed, policy)
  const world = await readWorld(options.feed, policy)
  await using report = await openReport(options.report)
  using recording = recordFlows(options.record)
  const flows = new FlowAggregate()
  const outcome = await runGuarded({
    policy,
    world,
    command,
    upstreams: options.upstream.map(parseUpstream),
    onFlow: (record) => {
      flows.add(record)
      report.write(record)
      recording.append(record)
    },
    onWarning: (text) => note(`sallyport: ${text}`),
  })
  recording.drop('kernel-events', outcome.lostEvents)
  recording.drop('kernel-ends', outcome.lostEnds)
  const groups = foldAddressSelection(flows.groups())
  const summary: RunSummary = { ...outcome, command, groups, uncounted: flows.overflow + outcome.lostEvents }
  if (options.learn !== undefined) await writeLearned(options.learn, groups, options.force === true ? 'w' : 'wx')
  if (options.json === true) process.stderr.write(`${JSON.stringify(summary)}\n`)
  else if (options.quiet !== true) process.stderr.write(describeRun(summary))
  return outcome.exitCode
}

async function writeLearned(path: string, groups: RunSummary['groups'], flag: 'w' | 'wx'): Promise<void> {
  const left = groups.filter(({ verdict }) => hasLeft({ time: '', verdict }))
  await writeTextFile(path, formatPolicy(learnPolicy(left, 'learned')), flag)
}
