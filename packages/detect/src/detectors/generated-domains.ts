import type { Alert, ObservedFlow } from '../alert.ts'
import { joinedWords } from '../joined-words.ts'
import { LETTER_PAIRS, PAIR_ALPHABET } from '../letter-pairs.ts'
import { alertFacts, MANY_DESTINATIONS, nameOf, registrableName, subjectOf, thinned } from '../observed.ts'

const LEAST_LENGTH = 10
/** Mean cost of a pair, in bits, from which a label looks generated; see the test for precision and recall. */
const COST_BITS = 5
const LEAST_NAMES = 3
/** Of all that a subject asks for: of the names that people use, 0.6 % look generated. */
const LEAST_SHARE = 0.1

/** Names joined from words of one list: of 5,000 sites that people use, 26 at most are. */
const LEAST_JOINED = 10
const LEAST_JOINED_SHARE = 0.01
/** Names of one subject that are looked at for such lists, the newest. */
const MOST_NAMES = 5000

/**
 * Names that a program made up: malware that walks through generated names asks for many until one is registered. The cost of
 * a label is -log2 of the probability of its letters, each after the one before it, in names that people use, a pair on
 * average (a first-order Markov model; Yadav et al., "Detecting Algorithmically Generated Malicious Domain Names", IMC 2010).
 * One odd name is a brand: an alert needs three of one subject, and a tenth of all the names that it asked for. Names that are
 * joined of words cost little, and show by each other (`joinedWords`).
 */
export function detectGeneratedDomains(flows: readonly ObservedFlow[]): readonly Alert[] {
  return [...Map.groupBy(flows, subjectOf).values()].flatMap((all) => {
    const named = new Map<string, ObservedFlow>()
    for (const each of all) {
      const registrable = registrableName(nameOf(each) ?? '')
      if (registrable !== null) named.set(registrable, each)
    }
    const names = [...named.keys()]
    const spelled = names.filter(looksGenerated)
    const joined = joinedNames(names)
    const isSpelled = spelled.length >= Math.max(LEAST_NAMES, names.length * LEAST_SHARE)
    const isJoined = joined.length >= Math.max(LEAST_JOINED, names.length * LEAST_JOINED_SHARE)
    const odd = [...new Set([...(isSpelled ? spelled : []), ...(isJoined ? joined : [])])]
    if (odd.length === 0) return []
    const members = odd.map((name) => named.get(name)!).toSorted((a, b) => a.timeMs - b.timeMs)
    const facts = alertFacts(members)
    return {
      detector: 'generated-domain',
      severity: odd.length >= 10 ? 'high' : 'medium',
      technique: { id: 'T1568.002', name: 'Dynamic Resolution: Domain Generation Algorithms' },
      ...facts,
      destination: MANY_DESTINATIONS,
      sentence: `${facts.subject} asked for ${odd.length} names that ${isSpelled ? 'look generated' : 'are joined from the same words'}: ${odd.slice(0, 3).join(', ')}`,
      numbers: {
        names: odd.length,
        allNames: names.length,
        ...(isJoined ? { joined: joined.length } : {}),
        costBits: odd.reduce((sum, name) => sum + pairCost(labelOf(name)), 0) / odd.length,
      },
      series: thinned(members.map((each) => [each.timeMs, pairCost(labelOf(registrableName(nameOf(each)!)!))])),
    } satisfies Alert
  })
}

function joinedNames(names: readonly string[]): readonly string[] {
  const byLabel = new Map(names.slice(-MOST_NAMES).map((name) => [labelOf(name), name]))
  return joinedWords([...byLabel.keys()]).map((label) => byLabel.get(label)!)
}

export function looksGenerated(registrable: string): boolean {
  const label = labelOf(registrable)
  return label.length >= LEAST_LENGTH && !label.startsWith('xn--') && pairCost(label) >= COST_BITS
}

/** Whether the name that someone registered, within this one, looks generated. */
export function hasGeneratedName(name: string): boolean {
  const registrable = registrableName(name)
  return registrable !== null && looksGenerated(registrable)
}

function labelOf(registrable: string): string {
  return registrable.slice(0, registrable.indexOf('.'))
}

/** Bits a pair, ends included. */
export function pairCost(label: string): number {
  const text = `^${label.replace(/[^a-z0-9-]/g, '-')}^`
  let bits = 0
  for (let index = 1; index < text.length; index++) {
    const row = LETTER_PAIRS[PAIR_ALPHABET.indexOf(text[index - 1]!)]!
    bits += (row.charCodeAt(PAIR_ALPHABET.indexOf(text[index]!)) - 48) / 4
  }
  return bits / (text.length - 1)
}
