import type { Alert, ObservedFlow } from '../alert.ts'
import { pairCost } from './generated-domains.ts'
import { alertFacts, nameOf, registrableName, subjectOf, thinned } from '../observed.ts'

const LEAST_NAMES = 60
const LEAST_LABEL_LENGTH = 24
const LEAST_COST_BITS = 5.5

/**
 * Data carried in the names themselves: many different names below one registrable name, each used about once, long, and
 * unlike the names that people give. iodine and dns2tcp fill labels of up to 63 octets with base32 or more, which costs about
 * 6.5 bits a pair under the model of generated domains; `edge-node-17.region-west.cdn` costs 4.6.
 */
export function detectDnsTunnels(flows: readonly ObservedFlow[]): readonly Alert[] {
  const zones = Map.groupBy(flows, (each) => {
    const zone = registrableName(nameOf(each) ?? '')
    return zone === null ? '' : JSON.stringify([subjectOf(each), zone])
  })
  zones.delete('')
  return [...zones].flatMap(([key, all]) => {
    const [, zone] = JSON.parse(key) as [string, string]
    const names = new Set(all.map((each) => nameOf(each)!))
    if (names.size < LEAST_NAMES) return []
    const below = [...names].map((name) => name.slice(0, Math.max(0, name.length - zone.length - 1)))
    const mean = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0) / values.length
    const length = mean(below.map((text) => text.length))
    const bits = mean(below.map(pairCost))
    const fresh = names.size / all.length
    if (length < LEAST_LABEL_LENGTH || bits < LEAST_COST_BITS || fresh < 0.5) return []
    const facts = alertFacts(all)
    return {
      detector: 'dns-tunnel',
      severity: 'high',
      technique: { id: 'T1071.004', name: 'Application Layer Protocol: DNS' },
      ...facts,
      destination: zone,
      sentence: `${facts.subject} asked for ${names.size} different names below ${zone}, ${Math.round(length)} characters each`,
      numbers: {
        names: names.size,
        queries: all.length,
        length,
        costBits: bits,
        bytes: Math.round((names.size * length * bits) / 8),
      },
      series: thinned(all.map((each) => [each.timeMs, nameOf(each)!.length])),
    } satisfies Alert
  })
}
