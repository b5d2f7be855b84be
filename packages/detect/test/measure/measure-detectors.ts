import {
  detectAll,
  DETECTORS,
  NOTHING_KNOWN,
  type Alert,
  type DetectorName,
  type Known,
  type ObservedFlow,
} from '../../src/index.ts'
import { AZ, letters, random, START } from '../labelled-traffic.ts'
import { behindGateway, incidentBehindGateway } from './behind-gateway.ts'
import { means, type Incident } from './incident.ts'
import { incidentsOn, LISTING_RULE, TELLING_RULE } from './incidents.ts'
import { DAY, type Machine } from './machine.ts'
import { officeMachine } from './office-machine.ts'
import { PastBook } from './past-book.ts'

export type Plan = {
  readonly seed: number
  readonly machines: number
  readonly days: number
  /** How often the detectors look, at least once a day. */
  readonly everyMs: number
  /** Nothing is wrong before. */
  readonly quietDays: number
  readonly sites: readonly string[]
  readonly category: Known['category']
  /** Names that the feed of a rule lists: whoever goes there is refused by it, whatever is wrong with the list. */
  readonly isListed: (name: string) => boolean
  /** Whether a gateway sees all this, and not each machine itself. */
  readonly isGateway: boolean
}
export type Kind = { readonly kind: string; readonly found: number; readonly all: number }
export type Row = {
  readonly detector: DetectorName
  readonly kinds: readonly Kind[]
  readonly recall: number
  readonly precision: number
  /** Of a machine and day: of the first day, and of all others. */
  readonly falseFirstDay: number
  readonly falseLaterDays: number
  readonly falseSentences: readonly string[]
}

/** What the log of alerts takes for the same alert, see packages/store. */
const SAME_MS = 7 * DAY

const KNOWN: Known = {
  ...NOTHING_KNOWN,
  ruleAlerts: new Map([[TELLING_RULE, 'medium']]),
  feedRules: new Map([[LISTING_RULE, { feeds: ['malware'], severity: 'high' }]]),
}

/** Lets all detectors look at a network of offices as `up` does, by the last day's flows and the past. */
export function measureDetectors(plan: Plan): readonly Row[] {
  const next = random(plan.seed)
  const machines = Array.from({ length: plan.machines }, (_, at): Machine => {
    return {
      device: `pc${at}`,
      agent: `/opt/agent-${letters(next, 6, AZ)}/updater`,
      user: `user${at}`,
      days: plan.days,
      sites: plan.sites,
      next,
    }
  })
  const own = machines.flatMap((machine, number) =>
    incidentsOn({ machine, number, fromDay: plan.quietDays + (number % (plan.days - plan.quietDays - 3)) }),
  )
  const incidents = plan.isGateway ? own.map(incidentBehindGateway) : own
  const benign = machines.flatMap(officeMachine).map((each) => listed(each, plan.isListed))
  const flows = [...(plan.isGateway ? behindGateway(benign) : benign), ...incidents.flatMap((each) => each.flows)]
  const alerts = raised(
    flows.toSorted((a, b) => a.timeMs - b.timeMs),
    plan,
  )
  return DETECTORS.map((detector) =>
    rowOf(
      detector,
      alerts.filter((alert) => alert.detector === detector),
      incidents,
      plan,
    ),
  )
}

/** Each alert once, as it was first raised. */
function raised(flows: readonly ObservedFlow[], { days, everyMs, category }: Plan): readonly Alert[] {
  const past = new PastBook()
  const last = new Map<string, number>()
  const alerts: Alert[] = []
  let [from, to] = [0, 0]
  for (let nowMs = START + everyMs; nowMs <= START + days * DAY; nowMs += everyMs) {
    while (to < flows.length && flows[to]!.timeMs < nowMs) past.add(flows[to++]!)
    while (flows[from]!.timeMs < nowMs - DAY) from++
    // What an open connection carried is known when it ends.
    const seen = flows
      .slice(from, to)
      .map((each) => (each.timeMs + (each.flow.durationMs ?? 0) <= nowMs ? each : open(each)))
    for (const alert of detectAll(seen, DETECTORS, { ...KNOWN, category, past: past.at(nowMs) })) {
      const key = JSON.stringify([alert.detector, alert.subject, alert.destination])
      if (alert.firstMs > (last.get(key) ?? Number.NEGATIVE_INFINITY) + SAME_MS) alerts.push(alert)
      last.set(key, Math.max(alert.lastMs, last.get(key) ?? alert.lastMs))
    }
  }
  return alerts
}

function rowOf(detector: DetectorName, alerts: readonly Alert[], incidents: readonly Incident[], plan: Plan): Row {
  const own = incidents.filter((each) => each.detector === detector)
  const isFound = (each: Incident): boolean => alerts.some((alert) => means(alert, each))
  const wrong = alerts.filter((alert) => !incidents.some((each) => means(alert, each)))
  const found = own.filter(isFound).length
  const isFirst = ({ lastMs }: Alert): boolean => lastMs < START + DAY
  const first = wrong.filter(isFirst).length
  return {
    detector,
    kinds: [...Map.groupBy(own, ({ kind }) => kind)].map(([kind, all]) => {
      return { kind, found: all.filter(isFound).length, all: all.length }
    }),
    recall: own.length === 0 ? Number.NaN : found / own.length,
    precision: alerts.length === 0 ? Number.NaN : 1 - wrong.length / alerts.length,
    falseFirstDay: first / plan.machines,
    falseLaterDays: (wrong.length - first) / plan.machines / (plan.days - 1),
    falseSentences: wrong.map(({ severity, sentence }) => `${severity} ${sentence}`),
  }
}

function listed(each: ObservedFlow, isListed: Plan['isListed']): ObservedFlow {
  const { domain } = each.flow
  return domain && isListed(domain) ? { ...each, denied: true, rule: LISTING_RULE } : each
}

function open(each: ObservedFlow): ObservedFlow {
  const { durationMs: _duration, bytesOut: _out, bytesIn: _in, ...flow } = each.flow
  return { ...each, flow }
}
