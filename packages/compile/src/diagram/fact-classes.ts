import type { Flow } from '@sallyport/policy'
import { portIndex } from '../tables/port-table.ts'
import type { ClassTables } from './class-tables.ts'
import { ADDRESS, PORT, VARIABLES, type VariableName } from './variable.ts'

/** Enough for every user, application and unit of a machine; beyond it, values are judged without being remembered. */
const REMEMBERED_VALUES = 65_536

type Key = string | null | undefined
type KeyOf = (flow: Flow) => Key

const joined = (list: readonly string[] | null | undefined): Key => (list ? list.join('\0') : list)

/** Facts that are one short text are remembered by it; the others are judged anew. */
const KEYS: { readonly [K in VariableName]?: KeyOf } = {
  device: (flow) => flow.device,
  tags: (flow) => joined(flow.tags),
  user: (flow) => flow.user,
  groups: (flow) => joined(flow.groups),
  app: (flow) =>
    flow.appSha256 === undefined
      ? flow.app === undefined
        ? undefined
        : `${flow.app}`
      : `${flow.app}\0${flow.appSha256}`,
  unit: (flow) => flow.unit,
  container: (flow) => flow.container,
  protocol: (flow) => flow.protocol,
}

/** The class of a flow's fact in every variable but the name's. */
export class FactClasses {
  readonly #tables: ClassTables
  readonly #remembered: readonly Map<Key, number>[] = VARIABLES.map(() => new Map())
  readonly #keys: readonly (KeyOf | undefined)[] = VARIABLES.map((name) => KEYS[name])

  readonly #withoutAddress: (number | undefined)[] = []

  constructor(tables: ClassTables) {
    this.#tables = tables
  }

  classOf(variable: number, flow: Flow): number {
    if (variable === ADDRESS) return this.#address(flow)
    if (variable === PORT) return this.#port(flow)
    const keyOf = this.#keys[variable]
    if (keyOf === undefined) return this.#tables.evaluate(variable, flow)
    const remembered = this.#remembered[variable]!
    const key = keyOf(flow)
    const known = remembered.get(key)
    if (known !== undefined) return known
    const valueClass = this.#tables.evaluate(variable, flow)
    if (remembered.size < REMEMBERED_VALUES) remembered.set(key, valueClass)
    return valueClass
  }

  #address(flow: Flow): number {
    const { dst, country, asn } = flow
    if (dst && country === undefined && asn === undefined) return this.#tables.addresses.find(dst)
    if (dst || country || asn) return this.#tables.evaluate(ADDRESS, flow)
    // None of the three has a value: 27 combinations of unknown, none and no number at all.
    const key = absence(dst) * 9 + absence(country) * 3 + absence(asn)
    return (this.#withoutAddress[key] ??= this.#tables.evaluate(ADDRESS, flow))
  }

  #port(flow: Flow): number {
    const { transport, port } = flow
    return transport && typeof port === 'number' && port >= 0 && port <= 65535
      ? this.#tables.ports[portIndex(transport, port)]!
      : this.#tables.evaluate(PORT, flow)
  }
}

function absence(fact: unknown): number {
  return fact === undefined ? 0 : fact === null ? 1 : 2
}
