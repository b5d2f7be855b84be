import { Command } from 'commander'
import { SERVICES, serviceSet } from '@sallyport/catalog'
import { askedToLearn, compilePolicy, learnPolicy, type LearnedPolicy, type LearnOptions } from '@sallyport/compile'
import { hasGeneratedName } from '@sallyport/detect'
import { definePolicy, formatPolicy, type NamedSet, type World } from '@sallyport/policy'
import { parseFilter, ReadableGroups } from '@sallyport/store'
import { addFlowSource, openFlowSource, type FlowSource } from '../input/flow-source.ts'
import { examples, feedOption, jsonOption } from '../input/options.ts'
import { readWholeWorld } from '../input/world.ts'
import { countOf } from '../output/count-of.ts'
import { note, printJson, printLine } from '../output/print.ts'
import { withProgress } from '../output/with-progress.ts'
import { requireAbsent, writeTextFile } from '../output/write-text-file.ts'
import { printable } from '../output/style.ts'
import { filterTexts } from './simulate.ts'
import { parseCount } from './flows.ts'

type Options = FlowSource & {
  readonly since?: string
  readonly filter?: string
  readonly name: string
  readonly output?: string
  readonly force?: boolean
  readonly hosts: number
  readonly addresses: number
  readonly users: number
  readonly feed: readonly string[]
  readonly json?: boolean
}

export function learnCommand(): Command {
  return addFlowSource(new Command('learn'))
    .description('the least policy that allows what was seen, generalised, with reasons')
    .option('--since <time>', 'flows from then on: 7d, 1h or 2027-03-31')
    .option('--filter <filter>', 'flows of a filter: app:/usr/bin/* user:ann')
    .option('--name <name>', 'name of the policy', 'learned')
    .option('--output <file>', 'write the policy there instead of the standard output')
    .option('--force', 'write over a file that is there')
    .option('--hosts <count>', 'so many hosts of one registrable name become the name', parseCount, 3)
    .option('--addresses <count>', 'so many addresses of one /24 or /64 become the prefix', parseCount, 8)
    .option('--users <count>', 'so many users of one application become everybody who uses it', parseCount, 3)
    .addOption(feedOption())
    .addOption(jsonOption())
    .addHelpText(
      'after',
      examples(
        'sallyport learn --since 7d --output policy.yaml',
        'sallyport learn --flows flows.jsonl --feed malware=domains.txt',
      ),
    )
    .action(async (options: Options) => {
      const filter = parseFilter(filterTexts(options), Date.now())
      if (options.output !== undefined && options.force !== true) await requireAbsent(options.output)
      using store = await openFlowSource(options)
      const world = await readWholeWorld(options.feed)
      const learning = {
        name: options.name,
        world,
        nowMs: Date.now(),
        ...suspicionOf(options.feed, world),
        usersForAll: options.users,
        hostsForDomain: options.hosts,
        hostsForService: 2,
        addressesForPrefix: options.addresses,
        services: serviceSets(),
      }
      const recorded = new ReadableGroups(store, filter, askedToLearn(learning))
      const learned = await learnPolicy(withProgress(recorded), learning)
      if (recorded.unreadable > 0) note(`${recorded.unreadable} flows could not be read, and are left out`)
      await report(learned, options)
    })
}

/** Whoever reads the policy will want something wider in place of such a list. */
const MANY = 500

async function report({ layer, evidence, leftOut, covered }: LearnedPolicy, options: Options): Promise<void> {
  const text = formatPolicy(layer)
  if (options.output !== undefined) await writeTextFile(options.output, text, options.force === true ? 'w' : 'wx')
  if (options.json === true) {
    const facts = evidence.map(({ firstMs, lastMs, ...rest }) => {
      return { ...rest, first: new Date(firstMs).toISOString(), last: new Date(lastMs).toISOString() }
    })
    return printJson({ policy: text, rules: facts, covered, leftOut })
  }
  if (options.output === undefined) printLine(text.trimEnd())
  note(`${countOf(evidence.length, 'rule')} for ${countOf(covered, 'flow')}`)
  for (const { rule, destinations } of evidence)
    if (destinations.length > MANY)
      note(`rule ${rule} lists ${destinations.length} destinations: an application that goes anywhere`)
  for (const { reason, destination, port, flows } of leftOut.slice(0, 20)) {
    note(`left out: ${countOf(flows, 'flow')} to ${printable(`${destination} ${port}: ${reason}`)}`)
  }
  if (leftOut.length > 20) note(`left out: ${leftOut.length - 20} more; --json lists them`)
}

/** What a feed names, or looks generated, must not become a rule. */
function suspicionOf(feeds: readonly string[], world: World): Pick<LearnOptions, 'suspicious' | 'suspectFacts'> {
  const names = feeds.map((text) => text.slice(0, text.indexOf('=')))
  const rules = names.map((name) => ({ id: `feed-${name}`, action: 'deny' as const, to: [{ feed: name }] }))
  const layer = definePolicy({ sallyport: 1, name: 'feeds', default: 'allow', rules }, { file: '--feed' })
  const policy = compilePolicy({ layers: [layer] }, world, { atMs: Date.now() })
  return {
    suspectFacts: policy.factsAsked,
    suspicious: ({ flow }) => {
      const { verdict, rule } = policy.decide(flow)
      if (verdict !== 'allow' && rule !== null) return `named by ${rule.replace(/^feed-/, 'feed ')}`
      const name = flow.domain ?? flow.boundNames?.[0]
      return name && hasGeneratedName(name) ? 'the name looks generated' : null
    },
  }
}

function serviceSets(): ReadonlyMap<string, NamedSet> {
  return new Map(Object.entries(SERVICES).map(([name, service]) => [name, serviceSet(service)]))
}
