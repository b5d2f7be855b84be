import { clientFirst } from '@sallyport/net'
import {
  METADATA_ADDRESSES,
  nameHolds,
  or,
  and,
  type Flow,
  type NameCandidate,
  type Ternary,
  type World,
} from '@sallyport/policy'
import { collectAddressAtoms } from '../tables/address-atoms.ts'
import { buildAddressTable, type AddressTable } from '../tables/address-table.ts'
import type { KeyedNames, NameTable } from '../tables/name-table.ts'
import { collectNameAtoms, type NameAtoms } from '../tables/name-atoms.ts'
import { buildPortTable } from '../tables/port-table.ts'
import { ClassSpace } from './class-space.ts'
import type { AddressCondition, AddressPart, NameCondition, NamePart } from './condition.ts'
import type { ConditionSet } from './condition-set.ts'
import { ADDRESS, NAME, PORT, VARIABLES } from './variable.ts'

/** Values → classes, for the variables whose values are too many to ask every condition. */
export class ClassTables {
  readonly spaces: readonly ClassSpace[] = VARIABLES.map(() => new ClassSpace())
  readonly ports: Uint32Array
  readonly addresses: AddressTable
  readonly names: NameTable
  readonly #conditions: ConditionSet
  readonly #nameAtoms: NameAtoms
  /** By list of the table; -1 when no condition asks for it. */
  readonly #atomOfList: readonly number[]
  /** Ids of the name conditions that need evidence only. */
  readonly #denials: readonly number[]
  /** By set of names; -1 where nobody asked yet. */
  readonly #nameClasses: Readonly<Record<NameCandidate['certainty'], Int32Array>>

  /** The lists of these conditions are in `names`, others may be. */
  constructor(conditions: ConditionSet, world: World, { table, keys }: KeyedNames) {
    this.#conditions = conditions
    this.ports = buildPortTable(portBoundaries(conditions), (flow) => this.evaluate(PORT, flow))
    this.addresses = this.#buildAddresses(world)
    const nameConditions = conditions.of(NAME) as readonly NameCondition[]
    this.#nameAtoms = collectNameAtoms(nameConditions)
    this.#atomOfList = keys.map((key) => this.#nameAtoms.atomOf(key))
    this.#denials = nameConditions.flatMap(({ polarity, id }) => (polarity === 'deny' ? [id] : []))
    this.names = table
    const unasked = (): Int32Array => new Int32Array(this.names.setCount).fill(-1)
    this.#nameClasses = {
      certain: unasked(),
      evidence: unasked(),
      bound: unasked(),
      nameless: unasked(),
      unsettled: unasked(),
      pending: unasked(),
      unknown: unasked(),
    }
  }

  /** The slow way: every condition of the variable is asked. */
  evaluate(variable: number, flow: Flow): number {
    return this.spaces[variable]!.internBy(this.#conditions.of(variable), (condition) =>
      condition.kind === 'name' ? 'maybe' : condition.evaluate(flow),
    )
  }

  nameClass({ name, certainty }: NameCandidate): number {
    return this.nameSetClass(name === null ? 0 : this.names.find(name), certainty)
  }

  nameSetClass(setId: number, certainty: NameCandidate['certainty']): number {
    const known = this.#nameClasses[certainty][setId]!
    if (known >= 0) return known
    const lists = this.names.atomsOf(setId)
    const atoms = new Set(lists.map((list) => this.#atomOfList[list]!).filter((atom) => atom >= 0))
    const asked = this.#askedBy(atoms, certainty)
    // The table has told which lists hold the name; any name stands for it here.
    const candidate = { certainty, name: 'any' } as NameCandidate
    const valueClass = this.spaces[NAME]!.internBy(asked, (condition) => {
      const { alternatives, polarity, assurance } = condition as NameCondition
      const part = ({ key: list }: NamePart): Ternary =>
        nameHolds(candidate, polarity, assurance, () => atoms.has(this.#nameAtoms.atomOf(list)))
      return or(alternatives.map((parts) => and(parts.map(part))))
    })
    this.#nameClasses[certainty][setId] = valueClass
    return valueClass
  }

  /** The conditions that a name in these lists may satisfy, ascending; every other says no. */
  #askedBy(atoms: ReadonlySet<number>, certainty: NameCandidate['certainty']): readonly NameCondition[] {
    const all = this.#conditions.of(NAME) as readonly NameCondition[]
    if (certainty === 'unknown') return all
    const ids = [...atoms].flatMap((atom) => this.#nameAtoms.conditionsOf[atom]!)
    // A name that is still to come may be any: whatever denies a name stays open.
    if (certainty === 'pending') ids.push(...this.#denials)
    return [...new Set(ids)].sort((a, b) => a - b).map((id) => all[id]!)
  }

  #buildAddresses(world: World): AddressTable {
    const conditions = this.#conditions.of(ADDRESS) as readonly AddressCondition[]
    const maybe = conditions.filter((condition) => condition.alternatives.some(hasMissingSet)).map(({ id }) => id)
    const { entries, conditionsOf } = collectAddressAtoms(conditions, world)
    const byAtoms = new Map<string, number>()
    const metadata = METADATA_ADDRESSES.map((address) => ({ prefix: { address, length: 128 }, atom: -1 }))
    const table = buildAddressTable([...entries, ...metadata], (atoms, prefix) => {
      const special =
        prefix.length === 128 && METADATA_ADDRESSES.some((m) => m.words.join() === prefix.address.words.join())
      if (special || maybe.length > 0) return this.evaluate(ADDRESS, { dst: clientFirst(prefix.address) })
      const key = atoms.join()
      const known = byAtoms.get(key)
      if (known !== undefined) return known
      const valueClass = this.spaces[ADDRESS]!.intern(conditionsOf(atoms), [])
      byAtoms.set(key, valueClass)
      return valueClass
    })
    return { ...table, find: (address) => table.find(clientFirst(address)) }
  }
}

/** Ports at which some condition begins or ceases to hold. */
function portBoundaries(conditions: ConditionSet): readonly number[] {
  const sources = conditions.of(PORT).flatMap((each) => (each.kind === 'flow' ? [each.source] : []))
  const ranges = sources.flatMap((source) => (source.kind === 'ports' ? source.lists.flat() : []))
  return ranges.flatMap(({ first, last }) => [first, last + 1])
}

function hasMissingSet(parts: readonly AddressPart[]): boolean {
  return parts.some((part) => part.kind === 'missing-set')
}
