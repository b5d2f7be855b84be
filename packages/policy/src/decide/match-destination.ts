import { matchDomain, prefixContains, teredoClient, type Address, type DomainName } from '@sallyport/net'
import type { Flow } from '../flow.ts'
import type { DestinationTerm } from '../policy.ts'
import { setHoldsName, type NamedSet, type World } from '../world.ts'
import { matchPorts } from './match-ports.ts'
import { isMetadataAddress } from './metadata-address.ts'
import { nameHolds, type NameCandidate, type Polarity } from './name-candidate.ts'
import { and, holds, or, type Ternary } from './ternary.ts'

/** What a destination is compared with, beyond the flow itself. */
type DestinationContext = {
  readonly flow: Flow
  readonly world: World
  readonly candidate: NameCandidate
  readonly polarity: Polarity
  readonly assurance: 'verified' | 'dns'
}

export function matchDestinationTerm(term: DestinationTerm, context: DestinationContext): Ternary {
  const { flow, world } = context
  if (context.polarity === 'allow' && unnamedMetadata(term, flow)) return 'no'
  const country = countryOf(flow, world)
  const parts: Ternary[] = []
  if (term.ip) parts.push(holds(flow.dst, (dst) => term.ip!.some((prefix) => prefixContains(prefix, dst))))
  if (term.country) parts.push(holds(country, (code) => term.country!.includes(code)))
  if (term.continent) parts.push(holds(continentOf(country, world), (code) => term.continent!.includes(code)))
  if (term.asn) parts.push(holds(asnOf(flow, world), (asn) => term.asn!.includes(asn)))
  if (term.domain) parts.push(nameIn(context, (name) => term.domain!.some((pattern) => matchDomain(pattern, name))))
  for (const [kind, ids] of namedSetKeys(term)) {
    parts.push(or(ids.map((id) => matchNamedSet(world[kind](id), context))))
  }
  return and(parts)
}

/** A metadata address is only ever allowed by an entry that names that very address. */
function unnamedMetadata(term: DestinationTerm, flow: Flow): boolean {
  const dst = flow.dst
  if (!dst || !isMetadataAddress(dst)) return false
  return !term.ip?.some((prefix) => prefix.length === 128 && prefixContains(prefix, dst))
}

export function namedSetKeys(
  term: DestinationTerm,
): readonly (readonly ['service' | 'feed' | 'category', readonly string[]])[] {
  return (['service', 'feed', 'category'] as const).flatMap((kind) => (term[kind] ? [[kind, term[kind]] as const] : []))
}

function nameIn(context: DestinationContext, matches: (name: DomainName) => boolean): Ternary {
  return nameHolds(context.candidate, context.polarity, context.assurance, matches)
}

/** A set that is not there may hold anything: the flow stays undetermined, so it fails closed. */
function matchNamedSet(set: NamedSet | null, context: DestinationContext): Ternary {
  if (set === null) return 'maybe'
  if (set.byPorts === undefined || context.polarity === 'deny') return matchMembers(set, context)
  return or(set.byPorts.map((part) => and([matchPorts(part.ports, context.flow), matchMembers(part, context)])))
}

function matchMembers(set: NamedSet, context: DestinationContext): Ternary {
  return or([
    set.prefixes.length === 0
      ? 'no'
      : holds(context.flow.dst, (dst) => set.prefixes.some((prefix) => prefixContains(prefix, dst))),
    nameIn(context, (name) => setHoldsName(set, name)),
  ])
}

export function countryOf(flow: Flow, world: World): string | null | undefined {
  return lookedUp(flow.country, flow.dst, world.country)
}

export function asnOf(flow: Flow, world: World): number | null | undefined {
  return lookedUp(flow.asn, flow.dst, world.asn)
}

function continentOf(country: string | null | undefined, world: World): string | null | undefined {
  return typeof country === 'string' ? world.continent(country) : country
}

function lookedUp<T>(
  given: T | null | undefined,
  dst: Address | null | undefined,
  lookUp: (address: Address) => T | null,
): T | null | undefined {
  if (given !== undefined) return given
  // A Teredo address is where its client is; the rest of it is a server that only helps (RFC 4380 §4).
  return dst ? lookUp(teredoClient(dst) ?? dst) : dst
}
