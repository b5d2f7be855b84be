import { matchDomain, parseDomainName } from '@sallyport/net'
import type { Flow } from '../flow.ts'
import type { HttpCondition, Rule } from '../policy.ts'
import type { World } from '../world.ts'
import { matchGlob } from './glob.ts'
import { matchDestinationTerm } from './match-destination.ts'
import { matchPorts } from './match-ports.ts'
import { matchSubjectTerm } from './match-subject.ts'
import { isMetadataAddress } from './metadata-address.ts'
import type { NameCandidate, Polarity } from './name-candidate.ts'
import { and, holds, not, or, type Ternary } from './ternary.ts'

/** Whether the rule holds for the flow under one of its names. The rule is taken to be in force. */
export function matchRule(rule: Rule, flow: Flow, candidate: NameCandidate, world: World): Ternary {
  const polarity: Polarity = rule.action === 'deny' ? 'deny' : 'allow'
  const opposite: Polarity = polarity === 'deny' ? 'allow' : 'deny'
  const destination = { flow, world, candidate, assurance: rule.assurance }
  return and([
    rule.from === null ? 'yes' : or(rule.from.map((term) => matchSubjectTerm(term, flow))),
    not(or(rule.exceptFrom.map((term) => matchSubjectTerm(term, flow)))),
    matchPorts(rule.ports, flow),
    rule.to === null
      ? matchAnywhere(polarity, flow)
      : or(rule.to.map((term) => matchDestinationTerm(term, { ...destination, polarity }))),
    not(or(rule.exceptTo.map((term) => matchDestinationTerm(term, { ...destination, polarity: opposite })))),
    rule.protocol === null ? 'yes' : holds(flow.protocol, (protocol) => rule.protocol!.includes(protocol)),
    matchHttp(rule.http, flow),
    rule.content === null ? 'yes' : holds(flow.content, (fired) => fired.some((id) => rule.content!.includes(id))),
  ])
}

function matchAnywhere(polarity: Polarity, flow: Flow): Ternary {
  return polarity === 'allow' && flow.dst && isMetadataAddress(flow.dst) ? 'no' : 'yes'
}

export function matchHttp(condition: HttpCondition | null, flow: Flow): Ternary {
  if (condition === null) return 'yes'
  const http = flow.http
  if (http === undefined) return 'maybe'
  if (http === null) return 'no'
  const { host, path, method, contentType } = condition
  return and([
    host ? holds(http.host, (text) => matchHost(host, text)) : 'yes',
    path ? holds(http.path, (text) => path.some((glob) => matchGlob(glob, text))) : 'yes',
    method ? holds(http.method, (text) => method.includes(text)) : 'yes',
    contentType ? holds(http.contentType, (text) => contentType.some((glob) => matchGlob(glob, text))) : 'yes',
  ])
}

function matchHost(patterns: NonNullable<HttpCondition['host']>, text: string): boolean {
  const name = parseDomainName(text)
  return name !== null && patterns.some((pattern) => matchDomain(pattern, name))
}
