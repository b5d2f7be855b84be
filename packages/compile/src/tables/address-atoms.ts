import { clientFirst, teredoPrefix, type Prefix } from '@sallyport/net'
import type { World } from '@sallyport/policy'
import type { AddressCondition, AddressPart } from '../diagram/condition.ts'
import type { AddressEntry } from './address-table.ts'

/** The prefixes behind address conditions: each distinct list of them is an atom. */
type AddressAtoms = {
  readonly entries: readonly AddressEntry[]
  /** Ids of the conditions that hold where exactly these atoms do. */
  readonly conditionsOf: (atoms: readonly number[]) => readonly number[]
}

type Literal = { readonly condition: number; readonly alternative: number }

export function collectAddressAtoms(conditions: readonly AddressCondition[], world: World): AddressAtoms {
  const atoms = new Map<string, number>()
  const entries: AddressEntry[] = []
  /** Atom → the alternatives that need it, and how many parts each alternative has. */
  const needs: Literal[][] = []
  const always: number[] = []
  const partCounts = conditions.map((condition) =>
    condition.alternatives.map((parts) => new Set(parts.map(keyOf)).size),
  )
  const atomOf = (part: AddressPart): number => {
    const key = keyOf(part)
    const known = atoms.get(key)
    if (known !== undefined) return known
    const atom = needs.length
    atoms.set(key, atom)
    needs.push([])
    for (const prefix of prefixesOf(part, world)) entries.push({ prefix, atom })
    return atom
  }
  for (const condition of conditions) {
    condition.alternatives.forEach((parts, alternative) => {
      if (parts.length === 0) always.push(condition.id)
      for (const key of new Set(parts.map(keyOf))) {
        const part = parts.find((candidate) => keyOf(candidate) === key)!
        needs[atomOf(part)]!.push({ condition: condition.id, alternative })
      }
    })
  }
  return { entries, conditionsOf: (present) => conditionsOf(present, needs, partCounts, always) }
}

function conditionsOf(
  present: readonly number[],
  needs: readonly (readonly Literal[])[],
  partCounts: readonly (readonly number[])[],
  always: readonly number[],
): readonly number[] {
  const counts = new Map<string, number>()
  const held = new Set(always)
  for (const atom of present) {
    for (const { condition, alternative } of needs[atom]!) {
      const key = `${condition}.${alternative}`
      const count = (counts.get(key) ?? 0) + 1
      counts.set(key, count)
      if (count === partCounts[condition]![alternative]) held.add(condition)
    }
  }
  return [...held].sort((a, b) => a - b)
}

function keyOf(part: AddressPart): string {
  return part.kind === 'set' ? part.key : JSON.stringify(part)
}

/** In the form of the table: see `clientFirst`. */
function prefixesOf(part: AddressPart, world: World): readonly Prefix[] {
  switch (part.kind) {
    case 'ip':
    case 'set':
      return part.prefixes.map((prefix) =>
        prefix.length === 128 ? { address: clientFirst(prefix.address), length: 128 } : prefix,
      )
    case 'country':
      return withTeredo(part.codes.flatMap((code) => world.countryPrefixes(code)))
    case 'continent':
      return withTeredo(
        part.codes.flatMap((code) => world.countriesOf(code)).flatMap((code) => world.countryPrefixes(code)),
      )
    case 'asn':
      return withTeredo(part.numbers.flatMap((asn) => world.asnPrefixes(asn)))
    case 'missing-set':
    case 'metadata':
      return []
  }
}

/** A Teredo address is where its client is. */
function withTeredo(prefixes: readonly Prefix[]): readonly Prefix[] {
  return prefixes.flatMap((prefix) => {
    const teredo = teredoPrefix(prefix)
    return teredo === null ? [prefix] : [prefix, teredo]
  })
}
