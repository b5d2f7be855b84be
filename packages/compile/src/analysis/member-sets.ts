import { AnalysisTooLargeError } from './analysis-too-large.ts'

/** Up to this many members, every subset is looked at. */
const SUBSETS_UP_TO = 10
const PAIRS_UP_TO = 600

/**
 * Sets of members that a rule may ask for. Where two policies differ, they do so for the member that the deciding rule of
 * each asks for, whatever else is in the set; so beyond a few members pairs stand for the larger sets.
 */
export function memberSets(members: readonly string[]): readonly (readonly string[])[] {
  if (members.length <= SUBSETS_UP_TO) {
    return Array.from({ length: 2 ** members.length }, (_, bits) => members.filter((_member, at) => (bits >> at) & 1))
  }
  if (members.length > PAIRS_UP_TO) throw new AnalysisTooLargeError(`${members.length} groups, tags or detectors`)
  const pairs = members.flatMap((first, at) => members.slice(at + 1).map((second) => [first, second]))
  return [[], ...members.map((member) => [member]), ...pairs, members]
}
