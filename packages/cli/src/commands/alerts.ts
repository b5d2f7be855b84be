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
  type OfferedRule,
} from '@sallyport/detect'
import { nearest, SallyportError } from '@sallyport/policy'
import { observedFlow, type FlowFilter, type FlowQueries } from '@sallyport/store'
import { alertingPolicy } from '../input/alerting-policy.ts'
import { stateStoreOption } from '../input/host-socket.ts'
import { flowsOption, openFlowSource, storeOption, type FlowSource } from '../input/flow-source.ts'
import { addFilterArgument, readFilter } from '../input/filter-argument.ts'
import { examples, jsonOption, repeatable } from '../input/options.ts'
import { countOf } from '../output/count-of.ts'
import { note, printJson, printLine } from '../output/print.ts'
import { printable, styled } from '../output/style.ts'
import type { Answer } from './answer.ts'

/** What fits into memory; newer flows count. */
const MAX_FLOWS = 500_000
const PAST_MS = 30 * 86_400_000

type Options = FlowSource & {
  readonly policy: readonly string[]
  readonly stateStore?: string
  readonly detector: readonly string[]
  readonly failOnAlert?: boolean
  readonly json?: boolean
}

export function alertsCommand(answer: Answer): Command {
  return addFilterArgument(new Command('alerts'))
    .description('what is unusual in recorded flows, with the evidence')
    .addOption(storeOption())
    .addOption(flowsOption())
    .addOption(repeatable('--policy <file>', 'whose rules decided the flows, in place of the policy in force'))
    .addOption(stateStoreOption())
    .addOption(repeatable('--detector <name>', `only this detector: ${DETECTORS.join(', ')}`))
    .addOption(new Option('--fail-on-alert', 'exit with 1 when there is an alert'))
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
      const parsed = readFilter(filter, command)
      const detectors = options.detector.map(readDetector)
      using store = await openFlowSource(options)
      const flows = await observedFlows(store, parsed)
      // A log's now is its end.
      const nowMs =
        options.flows === undefined ? Date.now() : flows.reduce((last, { timeMs }) => Math.max(last, timeMs), 0)
      const rules = (await alertingPolicy(options))?.layers.flatMap((layer) => layer.rules) ?? []
      const past = await store.past(nowMs - PAST_MS, nowMs)
      const known = { ...NOTHING_KNOWN, ...alertingRules(rules), past, category: categorySet }
      const found = detectAll(flows, detectors.length === 0 ? DETECTORS : detectors, known)
      const taken = new Set(rules.map(({ id }) => id))
      const alerts = found.map((alert) => ({ ...alert, offers: offersOf(alert, taken) }))
      if (options.json === true) printJson({ flows: flows.length, alerts: alerts.map(alertFacts) })
      else printAlerts(alerts, flows.length)
      answer(options.failOnAlert === true && alerts.length > 0 ? 1 : 0)
    })
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

/** Rules that would end it, or let it be. */
type Offers = { readonly block: OfferedRule; readonly allow: OfferedRule }
type OfferingAlert = Alert & { readonly offers: Offers | null }

function offersOf({ destination }: Alert, taken: ReadonlySet<string>): Offers | null {
  if (!isOfOneDestination(destination)) return null
  return {
    block: offeredRule({ action: 'deny', destination }, taken),
    allow: offeredRule({ action: 'allow', destination }, taken),
  }
}

function alertFacts({ firstMs, lastMs, ...alert }: OfferingAlert): object {
  return { ...alert, first: new Date(firstMs).toISOString(), last: new Date(lastMs).toISOString() }
}

const BARS = '▁▂▃▄▅▆▇█'

function printAlerts(alerts: readonly OfferingAlert[], flows: number): void {
  for (const alert of alerts) {
    const colour = alert.severity === 'high' || alert.severity === 'critical' ? 'red' : 'yellow'
    printLine(
      `${styled(colour, alert.severity.padEnd(8))} ${styled('bold', alert.detector)}  ${printable(alert.sentence)}`,
    )
    const numbers = Object.entries(alert.numbers).map(([name, value]) => `${name} ${Math.round(value * 1000) / 1000}`)
    printLine(styled('dim', `         ${alert.technique.id} ${alert.technique.name}; ${numbers.join(', ')}`))
    if (alert.offers !== null)
      printLine(
        styled('dim', `         block: ${flowText(alert.offers.block)}  allow: ${flowText(alert.offers.allow)}`),
      )
    if (alert.series.length > 2) printLine(styled('dim', `         ${chart(alert.series)}`))
  }
  note(`${countOf(alerts.length, 'alert')} in ${countOf(flows, 'flow')}`)
}

function chart(series: Alert['series']): string {
  const step = Math.max(1, series.length / 60)
  const shown = Array.from({ length: Math.min(60, series.length) }, (_, index) => series[Math.floor(index * step)]![1])
  const most = Math.max(...shown, 1e-9)
  return shown.map((value) => BARS[Math.min(7, Math.floor((value / most) * 7.999))]).join('')
}

/** As it may be written among the rules of a policy: JSON is YAML. */
function flowText(rule: OfferedRule): string {
  return printable(JSON.stringify(rule))
}
