import { Command } from 'commander'
import { askedToSimulate, compilePolicy, simulatePolicy, type ChangedFlows, type Simulation } from '@sallyport/compile'
import { parseFilter, ReadableGroups } from '@sallyport/store'
import { addFlowSource, openFlowSource, type FlowSource } from '../input/flow-source.ts'
import { atOption, examples, feedOption, jsonOption } from '../input/options.ts'
import { readPolicy } from '../input/policy-files.ts'
import { parseTime } from '../input/time.ts'
import { readWorld } from '../input/world.ts'
import { countOf } from '../output/count-of.ts'
import { note, printJson, printLine } from '../output/print.ts'
import { withProgress } from '../output/with-progress.ts'
import { printable, styled } from '../output/style.ts'
import type { Answer } from './answer.ts'
import { parseCount } from './flows.ts'

type Options = FlowSource & {
  readonly since?: string
  readonly filter?: string
  readonly limit: number
  readonly at?: string
  readonly feed: readonly string[]
  readonly json?: boolean
}

export function simulateCommand(answer: Answer): Command {
  return addFlowSource(new Command('simulate'))
    .description(
      'what a candidate policy, enforced, would have changed on recorded traffic; exit code 1 when it changes any',
    )
    .argument('<policy...>', 'policy files, each a layer')
    .option('--since <time>', 'flows from then on: 7d, 1h or 2027-03-31')
    .option('--filter <filter>', 'flows of a filter: domain:*.github.com user:ann')
    .option('--limit <count>', 'show at most so many groups', parseCount, 50)
    .addOption(atOption())
    .addOption(feedOption())
    .addOption(jsonOption())
    .addHelpText(
      'after',
      examples(
        'sallyport simulate candidate.yaml --since 7d',
        'sallyport simulate candidate.yaml --flows flows.jsonl --json',
      ),
    )
    .action(async (files: readonly string[], options: Options) => {
      const policy = await readPolicy(files)
      const world = await readWorld(options.feed, policy)
      const filter = parseFilter(filterTexts(options), Date.now())
      using store = await openFlowSource(options)
      const candidate = compilePolicy(policy, world, { atMs: parseTime(options.at) })
      const recorded = new ReadableGroups(store, filter, askedToSimulate(candidate))
      const result = await simulatePolicy(candidate, withProgress(recorded))
      const { unreadable } = recorded
      if (options.json === true)
        printJson({ ...result, unreadable, groups: result.groups.slice(0, options.limit).map(groupFacts) })
      else printSimulation(result, options.limit)
      if (options.json !== true && unreadable > 0) note(`${unreadable} flows could not be read, and are not in it`)
      answer(result.unchanged === result.flows ? 0 : 1)
    })
}

export function filterTexts({
  since,
  filter,
}: {
  readonly since?: string
  readonly filter?: string
}): readonly string[] {
  return [...(since === undefined ? [] : [`since:${since}`]), ...(filter === undefined ? [] : [filter])]
}

function groupFacts({ firstMs, lastMs, ...group }: ChangedFlows): object {
  return { ...group, first: new Date(firstMs).toISOString(), last: new Date(lastMs).toISOString() }
}

const TITLES = { blocked: 'would be blocked', allowed: 'would be allowed', undetermined: 'cannot be said' } as const

function printSimulation({ flows, distinct, unchanged, changed, groups, overflow }: Simulation, limit: number): void {
  printLine(`${countOf(flows, 'flow')}, ${distinct} of them distinct; ${unchanged} as before`)
  for (const change of ['blocked', 'allowed', 'undetermined'] as const) {
    if (changed[change] === 0) continue
    const all = groups.filter((group) => group.change === change)
    const colour = change === 'blocked' ? 'red' : change === 'allowed' ? 'green' : 'yellow'
    printLine(`\n${styled(colour, `${changed[change]} ${TITLES[change]}`)}`)
    for (const group of all.slice(0, limit)) printGroup(group)
    if (all.length > limit) note(`${all.length - limit} more groups; --limit shows them`)
  }
  if (overflow > 0) note(`${overflow} flows are counted, and beyond the number of groups`)
}

function printGroup({ destination, port, flows, rule, layer, apps, users, needs }: ChangedFlows): void {
  const by = rule === null ? `the default of ${layer}` : `rule ${rule} of ${layer}`
  const who = [...apps, ...users.map((user) => `user ${user}`)].join(', ')
  const missing = needs.length === 0 ? '' : `; needs ${needs.join(', ')}`
  printLine(
    `  ${String(flows).padStart(8)}  ${printable(`${destination} ${port}`)}  ${styled('dim', printable(`${by}${missing}`))}`,
  )
  if (who !== '') printLine(`            ${styled('dim', printable(who))}`)
}
