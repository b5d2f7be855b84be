import { Command, Option } from 'commander'
import { categorySet } from '@sallyport/catalog'
import {
  alertingRules,
  detectAll,
  DETECTORS,
  isOfOneDestination,
  NOTHING_KNOWN,
  offeredRule,
  type Alert,
  type DetectorName,
  type ObservedFlow,
} from '@sallyport/detect'
import { nearest, SallyportError } from '@sallyport/policy'
import { observedFlow, type FlowFilter, type FlowQueries } from '@sallyport/store'
import { alertingPolicy } from '../input/alerting-policy.ts'
import { stateStoreOption } from '../input/state-options.ts'
import { addFlowSource, openFlowSource, type FlowSource, type OpenFlows } from '../input/flow-source.ts'
import { addFilterArgument, readFilter } from '../input/filter-argument.ts'
import { examples, jsonOption, repeatable } from '../input/options.ts'
import { countOf } from '../output/count-of.ts'
import { alertFacts, describeAlert, type Offers } from '../output/describe-alert.ts'
import { followAlerts, type Seen } from '../output/follow-alerts.ts'
import { note, printJson, printLine } from '../output/print.ts'
import { stopSignal } from '../stop-signal.ts'
import type { Answer } from './answer.ts'

/** What fits into memory; newer flows count. */
const MAX_FLOWS = 500_000
const PAST_MS = 30 * 86_400_000

type Options = FlowSource & {
  readonly policy: readonly string[]
  readonly stateStore?: string
  readonly detector: readonly string[]
  readonly failOnAlert?: boolean
  readonly follow?: boolean
  readonly json?: boolean
}

export function alertsCommand(answer: Answer): Command {
  return addFlowSource(addFilterArgument(new Command('alerts')))
    .description('what is unusual in recorded flows, with the evidence')
    .addOption(repeatable('--policy <file>', 'whose rules decided the flows, in place of the policy in force'))
    .addOption(stateStoreOption())
    .addOption(repeatable('--detector <name>', `only this detector: ${DETECTORS.join(', ')}`))
    .addOption(new Option('--fail-on-alert', 'exit with 1 when there is an alert'))
    .addOption(
      new Option('--follow', 'look again every minute, and show what is new, until interrupted').conflicts([
        'flows',
        'failOnAlert',
      ]),
    )
    .addOption(jsonOption())
    .addHelpText(
      'after',
      examples(
        'sallyport alerts since:1d',
        'sallyport alerts --flows flows.jsonl --detector beacon --json',
        'sallyport alerts --flows flows.jsonl --policy office.yaml --detector rule-alert',
      ),
    )
    .action(async (filter: readonly string[], options: Options, command: Command) => {
      const detectors = options.detector.map(readDetector)
      using store = await openFlowSource(options)
      const look = (): Promise<Seen> => lookThrough(store, readFilter(filter, command), detectors, options)
      if (options.follow === true) return await follow(look, options)
      const { flows, alerts } = await look()
      if (options.json === true) printJson({ flows, alerts: alerts.map(alertFacts) })
      else {
        for (const alert of alerts) printLine(describeAlert(alert))
        note(`${countOf(alerts.length, 'alert')} in ${countOf(flows, 'flow')}`)
      }
      answer(options.failOnAlert === true && alerts.length > 0 ? 1 : 0)
    })
}

/** Each once; as JSON, an alert is a document on a line. */
async function follow(look: () => Promise<Seen>, { json }: Options): Promise<void> {
  for await (const alert of followAlerts(look, stopSignal()))
    printLine(json === true ? JSON.stringify(alertFacts(alert)) : describeAlert(alert))
}

async function lookThrough(
  store: OpenFlows,
  filter: FlowFilter,
  detectors: readonly DetectorName[],
  options: Options,
): Promise<Seen> {
  await store.takeIn()
  const flows = await observedFlows(store, filter)
  // A log's now is its end.
  const nowMs = options.flows === undefined ? Date.now() : flows.reduce((last, { timeMs }) => Math.max(last, timeMs), 0)
  const rules = (await alertingPolicy(options))?.layers.flatMap((layer) => layer.rules) ?? []
  const past = await store.past(nowMs - PAST_MS, nowMs)
  const known = { ...NOTHING_KNOWN, ...alertingRules(rules), past, category: categorySet }
  const found = detectAll(flows, detectors.length === 0 ? DETECTORS : detectors, known)
  const taken = new Set(rules.map(({ id }) => id))
  return { flows: flows.length, alerts: found.map((alert) => ({ ...alert, offers: offersOf(alert, taken) })) }
}

function readDetector(name: string): DetectorName {
  const found = DETECTORS.find((each) => each === name)
  if (found !== undefined) return found
  const near = nearest(name, DETECTORS)
  throw new SallyportError('usage', `"${name}" is no detector`, {
    remedy: near === null ? `Detectors: ${DETECTORS.join(', ')}.` : `Did you mean ${near}?`,
  })
}

async function observedFlows(store: FlowQueries, filter: FlowFilter): Promise<readonly ObservedFlow[]> {
  const { flows, next } = await store.list(filter, { limit: MAX_FLOWS })
  if (next !== null) note(`only the newest ${MAX_FLOWS} flows are looked at; a filter chooses others`)
  return flows.flatMap((record) => observedFlow(record) ?? [])
}

function offersOf({ destination }: Alert, taken: ReadonlySet<string>): Offers | null {
  if (!isOfOneDestination(destination)) return null
  return {
    block: offeredRule({ action: 'deny', destination }, taken),
    allow: offeredRule({ action: 'allow', destination }, taken),
  }
}
