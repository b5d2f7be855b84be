import type { Flow } from '../flow.ts'
import type { DestinationTerm, Rule, SubjectTerm } from '../policy.ts'

const SUBJECT_FACTS: { readonly [K in keyof SubjectTerm]-?: readonly (keyof Flow)[] } = {
  device: ['device'],
  tag: ['tags'],
  posture: ['posture'],
  user: ['user'],
  group: ['groups'],
  app: ['app', 'appSha256'],
  unit: ['unit'],
  container: ['container'],
  network: ['src'],
}

const DESTINATION_FACTS: { readonly [K in keyof DestinationTerm]-?: readonly (keyof Flow)[] } = {
  ip: ['dst'],
  country: ['dst', 'country'],
  continent: ['dst', 'country'],
  asn: ['dst', 'asn'],
  domain: ['boundNames', 'domain'],
  service: ['dst', 'boundNames', 'domain'],
  feed: ['dst', 'boundNames', 'domain'],
  category: ['dst', 'boundNames', 'domain'],
}

/** Facts that the rules ask for and the flow does not have, in the order in which a connection reveals them. */
export function missingFacts(rules: readonly Rule[], flow: Flow): readonly string[] {
  const asked = new Set(rules.flatMap(factsOf))
  // What a bound name is worth without a verified one depends on whether the protocol would have carried it.
  if (asked.has('domain') && flow.domain === null) asked.add('protocol')
  return FACT_ORDER.filter((fact) => asked.has(fact) && flow[fact] === undefined && !lookedUp(fact, flow))
}

function lookedUp(fact: keyof Flow, flow: Flow): boolean {
  if (fact === 'country' || fact === 'asn') return flow.dst !== undefined
  return fact === 'boundNames' && flow.domain !== undefined && flow.domain !== null
}

const FACT_ORDER: readonly (keyof Flow)[] = [
  'device',
  'tags',
  'posture',
  'user',
  'groups',
  'app',
  'appSha256',
  'unit',
  'container',
  'src',
  'transport',
  'port',
  'dst',
  'country',
  'asn',
  'boundNames',
  'domain',
  'protocol',
  'http',
  'content',
]

function factsOf(rule: Rule): readonly (keyof Flow)[] {
  const subjects = [...(rule.from ?? []), ...rule.exceptFrom]
  const destinations = [...(rule.to ?? []), ...rule.exceptTo]
  return [
    ...subjects.flatMap((term) => (Object.keys(term) as (keyof SubjectTerm)[]).flatMap((key) => SUBJECT_FACTS[key])),
    ...destinations.flatMap((term) =>
      (Object.keys(term) as (keyof DestinationTerm)[]).flatMap((key) => DESTINATION_FACTS[key]),
    ),
    ...(rule.ports || asksForServicePorts(rule) ? (['transport', 'port'] as const) : []),
    ...(rule.protocol ? (['protocol'] as const) : []),
    ...(rule.http ? (['http'] as const) : []),
    ...(rule.content ? (['content'] as const) : []),
  ]
}

/** Where a service stands for what it allows, its own ports count. */
function asksForServicePorts({ action, to, exceptTo }: Rule): boolean {
  return ((action === 'deny' ? exceptTo : to) ?? []).some((term) => term.service !== undefined)
}
