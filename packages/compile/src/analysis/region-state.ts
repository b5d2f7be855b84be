import { carriesName, type Flow } from '@sallyport/policy'
import type { NameValue } from './value-space.ts'

/** For each track the nodes reached, one or after the names one for each name of the flow, and what protocols may follow. */
export type State = { readonly nodes: readonly (readonly number[])[]; readonly protocols: Protocols }
/** Bound names without a verified one are worth more where the protocol carries no name, so they bring that along. */
type Protocols = 'any' | 'naming' | 'nameless'

export function stateUnder(names: readonly NameValue[], nodes: State['nodes']): State {
  return { nodes, protocols: protocolsOf(names) }
}

/** One name that is certain may be the verified one, whatever the protocol; two that are certain are both only bound. */
function protocolsOf([first, second]: readonly NameValue[]): Protocols {
  if (first?.certainty === 'nameless') return 'naming'
  return second?.certainty === 'certain' ? 'nameless' : 'any'
}

export function mayFollow(protocols: Protocols, { protocol }: Flow): boolean {
  const naming = protocol !== null && protocol !== undefined && carriesName(protocol)
  return protocols === 'any' || (protocols === 'naming') === naming
}

/** Facts under which a flow has just these names, worth what they are. */
export function nameFacts([first, second]: readonly NameValue[]): Flow {
  if (first === undefined || first.name === null) return { domain: null, boundNames: [] }
  const bound = second === undefined ? [] : [second.name!]
  if (first.certainty === 'nameless') return { domain: null, boundNames: [first.name, ...bound], protocol: 'tls' }
  if (first.certainty === 'evidence') return { domain: first.name, boundNames: bound }
  if (second?.certainty === 'certain') return { domain: null, boundNames: [first.name, ...bound] }
  return { domain: first.name, boundNames: [first.name, ...bound] }
}

export function keyOf({ nodes, protocols }: State): string {
  return `${protocols} ${nodes.map((each) => [...new Set(each)].sort((a, b) => a - b).join('+')).join('|')}`
}
