import { prefixContains } from '@sallyport/net'
import {
  and,
  asnOf,
  countryOf,
  holds,
  isMetadataAddress,
  or,
  type DestinationTerm,
  type Flow,
  type Polarity,
  type Ternary,
  type World,
} from '@sallyport/policy'
import type { AddressPart } from './condition.ts'

/** The parts of an entry that an address satisfies, named sets apart. */
export function addressParts(term: DestinationTerm): readonly AddressPart[] {
  return [
    ...(term.ip ? [{ kind: 'ip', prefixes: term.ip } as const] : []),
    ...(term.country ? [{ kind: 'country', codes: term.country } as const] : []),
    ...(term.continent ? [{ kind: 'continent', codes: term.continent } as const] : []),
    ...(term.asn ? [{ kind: 'asn', numbers: term.asn } as const] : []),
  ]
}

export function evaluateAlternatives(
  alternatives: readonly (readonly AddressPart[])[],
  polarity: Polarity,
  flow: Flow,
  world: World,
): Ternary {
  const guarded = polarity === 'allow' && flow.dst !== undefined && flow.dst !== null && isMetadataAddress(flow.dst)
  return or(
    alternatives.map((parts) =>
      guarded && !namesExactly(parts, flow) ? 'no' : and(parts.map((part) => evaluatePart(part, flow, world))),
    ),
  )
}

function namesExactly(parts: readonly AddressPart[], flow: Flow): boolean {
  return parts.some(
    (part) =>
      part.kind === 'ip' && part.prefixes.some((prefix) => prefix.length === 128 && prefixContains(prefix, flow.dst!)),
  )
}

function evaluatePart(part: AddressPart, flow: Flow, world: World): Ternary {
  switch (part.kind) {
    case 'ip':
    case 'set':
      return holds(flow.dst, (dst) => part.prefixes.some((prefix) => prefixContains(prefix, dst)))
    case 'country':
      return holds(countryOf(flow, world), (code) => part.codes.includes(code))
    case 'continent':
      return holds(countryOf(flow, world), (code) => part.codes.includes(world.continent(code) ?? ''))
    case 'asn':
      return holds(asnOf(flow, world), (asn) => part.numbers.includes(asn))
    case 'missing-set':
      return 'maybe'
    case 'metadata':
      return flow.dst && isMetadataAddress(flow.dst) ? 'yes' : 'no'
  }
}
