import { namedSetKeys, type DestinationTerm, type NamedSet, type Polarity, type World } from '@sallyport/policy'
import { addressParts, evaluateAlternatives } from './address-condition.ts'
import type { AddressPart, Condition, NamePart } from './condition.ts'
import type { ConditionSet } from './condition-set.ts'
import type { Conjunction } from './item.ts'
import { portConditions, type PortList } from './port-conditions.ts'
import { ADDRESS, NAME } from './variable.ts'

/**
 * A named set holds for its addresses or for its names, so an entry with one becomes two conjunctions, and as many for each list of
 * ports of a service; conjunctions of an address alone, and of a name alone, are merged where their ports are the same.
 */
export function destinationConjunctions(
  terms: readonly DestinationTerm[],
  ports: PortList | null,
  polarity: Polarity,
  assurance: 'verified' | 'dns',
  world: World,
  conditions: ConditionSet,
): readonly Conjunction[] {
  const all = terms.flatMap((term) => branches(term, polarity, world))
  const byPorts = Map.groupBy(all, (branch) => JSON.stringify(branch.ports))
  return [...byPorts.values()].flatMap((same) => {
    const lists = [...(ports === null ? [] : [ports]), ...same[0]!.ports]
    const given = portConditions(lists, conditions)
    return branchConjunctions(same, polarity, assurance, world, conditions).map((parts) => [...given, ...parts])
  })
}

/** Branches of the same ports. */
function branchConjunctions(
  same: readonly Branch[],
  polarity: Polarity,
  assurance: 'verified' | 'dns',
  world: World,
  conditions: ConditionSet,
): readonly Conjunction[] {
  const addressOnly: (readonly AddressPart[])[] = []
  const nameOnly: (readonly NamePart[])[] = []
  const both: Conjunction[] = []
  for (const { address, name } of same) {
    if (name.length === 0) addressOnly.push(address)
    else if (address.length === 0) nameOnly.push(name)
    else {
      both.push([
        addressCondition([address], polarity, world, conditions),
        nameCondition([name], polarity, assurance, conditions),
      ])
    }
  }
  return [
    ...(addressOnly.length > 0 ? [[addressCondition(addressOnly, polarity, world, conditions)]] : []),
    ...(nameOnly.length > 0
      ? [
          [
            ...(polarity === 'allow' ? [addressCondition([[]], polarity, world, conditions)] : []),
            nameCondition(mergePatterns(nameOnly), polarity, assurance, conditions),
          ],
        ]
      : []),
    ...both,
  ]
}

/** Of ports, one of each list must hold. */
type Branch = {
  readonly ports: readonly PortList[]
  readonly address: readonly AddressPart[]
  readonly name: readonly NamePart[]
}

function branches(term: DestinationTerm, polarity: Polarity, world: World): readonly Branch[] {
  let result: readonly Branch[] = [
    {
      ports: [],
      address: addressParts(term),
      name: term.domain ? [{ key: JSON.stringify(term.domain), patterns: term.domain }] : [],
    },
  ]
  for (const [kind, ids] of namedSetKeys(term)) {
    const options = ids.flatMap((id) => setBranches(kind, id, polarity, world))
    result = result.flatMap(({ ports, address, name }) =>
      options.map((option) => ({
        ports: [...ports, ...option.ports],
        address: [...address, ...option.address],
        name: [...name, ...option.name],
      })),
    )
  }
  return result
}

function setBranches(
  kind: 'service' | 'feed' | 'category',
  id: string,
  polarity: Polarity,
  world: World,
): readonly Branch[] {
  const set = world[kind](id)
  const key = `${kind}:${id}`
  if (set === null) return [{ ports: [], address: [{ kind: 'missing-set', key }], name: [] }]
  if (set.byPorts === undefined || polarity === 'deny') return memberBranches(key, [], set)
  return set.byPorts.flatMap((part, at) =>
    memberBranches(`${key} ${at}`, part.ports === null ? [] : [part.ports], part),
  )
}

function memberBranches(key: string, ports: readonly PortList[], set: NamedSet): readonly Branch[] {
  return [
    ...(set.prefixes.length > 0
      ? [{ ports, address: [{ kind: 'set', prefixes: set.prefixes, key } as const], name: [] }]
      : []),
    { ports, address: [], name: [{ key, patterns: set.domains, ...(set.except && { except: set.except }) }] },
  ]
}

/** Patterns written in policies are merged to one list; a set of the world keeps its own, which may be large. */
function mergePatterns(alternatives: readonly (readonly NamePart[])[]): readonly (readonly NamePart[])[] {
  const written = alternatives.filter((parts) => parts.length === 1 && parts[0]!.key.startsWith('['))
  const rest = alternatives.filter((parts) => !written.includes(parts))
  const patterns = written.flatMap((parts) => [...parts[0]!.patterns])
  return patterns.length === 0 ? rest : [[{ key: JSON.stringify(patterns), patterns }], ...rest]
}

export function addressCondition(
  alternatives: readonly (readonly AddressPart[])[],
  polarity: Polarity,
  world: World,
  conditions: ConditionSet,
): Condition {
  const key = JSON.stringify([polarity, alternatives.map((parts) => parts.map(partKey))])
  return conditions.intern(key, {
    kind: 'address',
    variable: ADDRESS,
    alternatives,
    evaluate: (flow) => evaluateAlternatives(alternatives, polarity, flow, world),
  })
}

function partKey(part: AddressPart): unknown {
  return part.kind === 'set' ? part.key : part
}

function nameCondition(
  alternatives: readonly (readonly NamePart[])[],
  polarity: Polarity,
  assurance: 'verified' | 'dns',
  conditions: ConditionSet,
): Condition {
  const key = JSON.stringify([polarity, assurance, alternatives.map((parts) => parts.map((part) => part.key))])
  return conditions.intern(key, { kind: 'name', variable: NAME, alternatives, polarity, assurance })
}
