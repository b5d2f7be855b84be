import { formatAddress, formatDomainPattern, formatPrefix, type PortRange } from '@sallyport/net'
import { Document, isScalar, isSeq, visit } from 'yaml'
import type { DnsSettings } from '../dns-settings.ts'
import { flowFacts } from '../flow-facts.ts'
import type {
  DestinationTerm,
  HttpCondition,
  Layer,
  Limit,
  PolicyTest,
  Rule,
  Schedule,
  SubjectTerm,
} from '../policy.ts'
import { formatDuration } from './duration.ts'
import { formatPostures } from './format-posture.ts'

type Plain = { readonly [key: string]: unknown }

const DAYS = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat']
/** How deep the value of a rule's key lies; what is below it goes on one line. */
const KEY_OF_RULE = 6
const DAY_MS = 86_400_000
/** Stands for a list without entries, which the language does not let a rule write. */
const NOTHING = 'nothing'

/** YAML that parses to the layer again. Defined names are gone by then: what they stood for is written out. */
export function formatPolicy(layer: Layer): string {
  const lists = layer.rules.flatMap((rule) => [rule.from, rule.to])
  const define = lists.some((list) => list?.length === 0)
    ? { destinations: { [NOTHING]: [] }, subjects: { [NOTHING]: [] } }
    : undefined
  const document = new Document(
    given({
      sallyport: 1,
      name: layer.name,
      mode: layer.mode,
      default: layer.default,
      define,
      feeds: layer.feeds,
      dns: layer.dns === undefined ? undefined : formatDns(layer.dns),
      rules: layer.rules.map((rule) => formatRule(rule, layer)),
      tests: layer.tests.length === 0 ? undefined : layer.tests.map(formatTest),
    }),
    { aliasDuplicateObjects: false },
  )
  visit(document, {
    Collection: (_, node, path) => {
      if (path.length > KEY_OF_RULE || (path.length === KEY_OF_RULE && isShortList(node))) node.flow = true
    },
  })
  return document.toString({ lineWidth: 120, flowCollectionPadding: false })
}

function isShortList(node: unknown): boolean {
  return isSeq(node) && node.items.length <= 4 && node.items.every((item) => isScalar(item))
}

/** Without the keys that say nothing. */
function given(plain: Plain): Plain {
  return Object.fromEntries(Object.entries(plain).filter(([, value]) => value !== undefined && value !== null))
}

function formatRule(rule: Rule, layer: Layer): Plain {
  const { from, to, exceptFrom, exceptTo } = rule
  const except = given({
    from: exceptFrom.length > 0 ? exceptFrom.map(formatSubject) : undefined,
    to: exceptTo.length > 0 ? exceptTo.map(formatDestination) : undefined,
  })
  return given({
    id: rule.id,
    action: rule.action,
    how: rule.action === 'deny' && rule.how !== 'reject' ? rule.how : undefined,
    mode: rule.mode === layer.mode ? undefined : rule.mode,
    from: from?.length === 0 ? [NOTHING] : from?.map(formatSubject),
    to: to?.length === 0 ? [NOTHING] : to?.map(formatDestination),
    except: Object.keys(except).length > 0 ? except : undefined,
    ports: rule.ports?.flatMap(formatPorts),
    protocol: rule.protocol,
    http: rule.http === null || Object.keys(rule.http).length === 0 ? undefined : formatHttp(rule.http),
    content: rule.content === null ? undefined : { dlp: rule.content },
    assurance: rule.assurance === 'dns' ? 'dns' : undefined,
    when: rule.when?.map(formatSchedule),
    until: rule.untilMs === null ? undefined : formatUntil(rule.untilMs),
    limit: rule.limit === null ? undefined : formatLimit(rule.limit),
    alert: rule.alert,
    log: rule.log,
    inspect: rule.inspect,
    headers: rule.headers,
    ticket: rule.ticket,
    reason: rule.reason,
  })
}

function formatSubject(term: SubjectTerm): Plain {
  return given({
    ...term,
    app: term.app?.map((app) => (app.kind === 'path' ? app.glob : `sha256:${app.hex}`)),
    posture: term.posture === undefined ? undefined : formatPostures(term.posture),
    network: term.network?.map(formatPrefix),
  })
}

function formatDestination(term: DestinationTerm): Plain | string {
  const domain = term.domain?.map(formatDomainPattern)
  const ip = term.ip?.map(formatPrefix)
  const only = Object.keys(term).length === 1 ? (domain ?? ip ?? []) : []
  // A name of one label would be taken for a defined name.
  return only.length === 1 && /[.:]/.test(only[0]!) ? only[0]! : given({ ...term, domain, ip })
}

function formatPorts({ transports, first, last }: PortRange): (string | number)[] {
  const ports = first === last ? `${first}` : `${first}-${last}`
  if (transports.length === 2 && transports.includes('tcp') && transports.includes('udp'))
    return [first === last ? first : ports]
  return transports.map((transport) => (transport === 'icmp' ? transport : `${transport}/${ports}`))
}

function formatHttp(http: HttpCondition): Plain {
  return given({ ...http, host: http.host?.map(formatDomainPattern) })
}

function formatSchedule({ days, hours, zone }: Schedule): Plain {
  const clock = (minute: number): string =>
    `${String(Math.floor(minute / 60)).padStart(2, '0')}:${String(minute % 60).padStart(2, '0')}`
  return {
    days: days.map((day) => DAYS[day]),
    hours: hours.map(({ fromMinute, toMinute }) => `${clock(fromMinute)}-${clock(toMinute)}`),
    zone,
  }
}

function formatUntil(instant: number): string {
  return instant % DAY_MS === 0
    ? new Date(instant - DAY_MS).toISOString().slice(0, 10)
    : new Date(instant).toISOString()
}

function formatLimit(limit: Limit): Plain {
  return Object.fromEntries(
    Object.entries(limit).map(([counter, { amount, perSeconds }]) => [
      counter,
      perSeconds === null ? amount : `${amount}${counter === 'connections' ? '' : 'B'}/${perSeconds}s`,
    ]),
  )
}

function formatDns(dns: DnsSettings): Plain {
  const { refusal, routes, addressFloorSeconds, addressGraceSeconds, newlySeenSeconds, ...same } = dns
  const time = (seconds: number | undefined): string | undefined =>
    seconds === undefined ? undefined : formatDuration(seconds)
  return given({
    ...same,
    addressFloor: time(addressFloorSeconds),
    addressGrace: time(addressGraceSeconds),
    newlySeen: time(newlySeenSeconds),
    tunnelsExcept: dns.tunnelsExcept?.map(formatDomainPattern),
    refusal: refusal?.kind === 'address' ? refusal.addresses.map(formatAddress) : refusal?.kind,
    privateNames: dns.privateNames?.map(formatDomainPattern),
    clients: dns.clients?.map(formatPrefix),
    routes:
      routes === undefined ? undefined : Object.fromEntries(routes.map(({ domain, upstreams }) => [domain, upstreams])),
  })
}

function formatTest({ flow, expect, rule }: PolicyTest): Plain {
  const { time, boundNames, http, ...facts } = flowFacts(flow) as { readonly [fact: string]: unknown }
  const from = given({ ...facts, boundNames, http: http ? given(http as Plain) : undefined })
  // A domain counts as bound unless its bound names are given.
  const unbound = from['domain'] !== undefined && boundNames === null ? { boundNames: null } : {}
  return given({ from: { ...from, ...unbound }, time, expect, rule })
}
