import type { DomainName } from '@sallyport/net'
import { setHoldsName, type NamedSet, type Protocol } from '@sallyport/policy'
import type { Alert, DetectorName, Known, ObservedFlow, Technique } from '../alert.ts'
import { flowsOfTor } from '../tor-names.ts'
import { alertFacts, bySubjectAndDestination, nameOf, thinned } from '../observed.ts'

type Kind = {
  readonly detector: DetectorName
  readonly technique: Technique
  readonly categories: readonly string[]
  readonly protocols: readonly Protocol[]
  readonly what: string
  readonly bySight: (each: ObservedFlow) => string | null
}

/** Tools of remote control: names of the category `remote-access`, and the protocols that are nothing else. */
export function detectRemoteAccess(flows: readonly ObservedFlow[], known: Known): readonly Alert[] {
  return detectKnown(flows, known, {
    detector: 'remote-access',
    technique: { id: 'T1219', name: 'Remote Access Software' },
    categories: ['remote-access'],
    protocols: ['rdp', 'vnc'],
    what: 'remote access',
    bySight: () => null,
  })
}

/** Ways around the network's own way out: names of the categories `vpn` and `tor`, their protocols, and names that Tor makes up. */
export function detectAnonymisers(flows: readonly ObservedFlow[], known: Known): readonly Alert[] {
  const ofTor = flowsOfTor(flows)
  return detectKnown(flows, known, {
    detector: 'anonymiser',
    technique: { id: 'T1090.003', name: 'Proxy: Multi-hop Proxy' },
    categories: ['tor', 'vpn'],
    protocols: ['tor', 'openvpn', 'wireguard'],
    what: 'an anonymiser',
    bySight: (each) => (ofTor.has(each) ? 'a server name as Tor makes them up' : null),
  })
}

function detectKnown(flows: readonly ObservedFlow[], known: Known, kind: Kind): readonly Alert[] {
  const sets = kind.categories.flatMap((name) => {
    const set = known.category(name)
    return set === null ? [] : [[name, set] as const]
  })
  const remembered = new Map<DomainName, string | null>()
  const listedAs = (name: DomainName | null): string | null => {
    if (name === null) return null
    const before = remembered.get(name)
    if (before !== undefined) return before
    const category = sets.find(([, set]) => isTool(set, name))?.[0]
    const found = category === undefined ? null : `its name, of the category ${category}`
    remembered.set(name, found)
    return found
  }
  const signOf = (each: ObservedFlow): string | null => {
    const { protocol } = each.flow
    return kind.protocols.includes(protocol!)
      ? `its protocol, ${protocol}`
      : (listedAs(nameOf(each)) ?? kind.bySight(each))
  }
  const found = flows.filter((each) => signOf(each) !== null)
  return bySubjectAndDestination(found).map((all) => {
    const facts = alertFacts(all)
    const { detector, technique, what } = kind
    const times = all.length === 1 ? 'once' : `${all.length} times`
    return {
      detector,
      severity: 'medium',
      technique,
      ...facts,
      sentence: `${facts.subject} went to ${facts.destination} ${times}: ${what}, by ${signOf(all[0]!)}`,
      numbers: { flows: all.length, denied: all.filter(({ denied }) => denied).length },
      series: thinned(all.map(({ timeMs }, index) => [timeMs, index + 1])),
    }
  })
}

/** The vendor's own site is for reading; the tool itself speaks to hosts below it. A pattern of one name means that host. */
function isTool(set: NamedSet, name: DomainName): boolean {
  const site = name.startsWith('www.') ? name.slice(4) : name
  for (const pattern of set.domains) {
    if (pattern.kind !== 'name' && pattern.name === site) return false
  }
  return setHoldsName(set, name)
}
