import { TRANSPORTS, type DomainName, type DomainPattern } from '@sallyport/net'
import {
  carriesName,
  matchImplicit,
  PROTOCOLS,
  type DomainPatterns,
  type Flow,
  type HttpCondition,
  type NameCandidate,
  type SubjectTerm,
} from '@sallyport/policy'
import type { ClassTables } from '../diagram/class-tables.ts'
import type { Condition, NameCondition } from '../diagram/condition.ts'
import type { ConditionSet } from '../diagram/condition-set.ts'
import type { FactClasses } from '../diagram/fact-classes.ts'
import { NAME, VARIABLES } from '../diagram/variable.ts'
import { portIndex } from '../tables/port-table.ts'
import { addressValues } from './address-values.ts'
import { globTexts } from './glob-texts.ts'
import { memberSets } from './member-sets.ts'
import { subjectValues, type Value } from './subject-values.ts'
import { ValueIndex } from './value-index.ts'

/** Every class of a variable that some value is in, with facts that are in it and words for them. */
export type ClassValue = { readonly class: number; readonly facts: Flow; readonly labels: readonly string[] }
export type NameValue = ClassValue & {
  readonly certainty: NameCandidate['certainty']
  readonly name: DomainName | null
}

/** The values of every variable, one for each class: what an exact analysis has to look at. */
export class ValueSpace {
  readonly #conditions: ConditionSet
  readonly #tables: ClassTables
  readonly #facts: FactClasses
  readonly #values: (readonly ClassValue[] | undefined)[] = []
  #names: readonly NameValue[] | undefined
  readonly #indexes: (ValueIndex<ClassValue> | undefined)[] = []

  constructor(conditions: ConditionSet, tables: ClassTables, facts: FactClasses) {
    this.#conditions = conditions
    this.#tables = tables
    this.#facts = facts
  }

  of(variable: number): readonly ClassValue[] {
    return (this.#values[variable] ??= this.#byClass(variable, this.#candidates(variable)))
  }

  names(): readonly NameValue[] {
    return (this.#names ??= this.#nameValues())
  }

  index(variable: number): ValueIndex<ClassValue> {
    const values = variable === NAME ? this.names() : this.of(variable)
    return (this.#indexes[variable] ??= new ValueIndex(values, this.#tables.spaces[variable]!))
  }

  #byClass(variable: number, values: readonly Value[]): readonly ClassValue[] {
    const classes = new Map<string, { class: number; facts: Flow; labels: string[] }>()
    for (const { facts, label } of values) {
      const id = this.#facts.classOf(variable, facts)
      // One of each kind, even in one class: a state may admit only protocols that carry a name, or only others.
      const key = `${id} ${facts.protocol ? carriesName(facts.protocol) : false}`
      const known = classes.get(key)
      if (known === undefined) classes.set(key, { class: id, facts, labels: [label] })
      else if (!known.labels.includes(label)) known.labels.push(label)
    }
    return [...classes.values()]
  }

  #candidates(variable: number): readonly Value[] {
    const name = VARIABLES[variable]!
    if (name === 'port') return this.#ports()
    if (name === 'address') return this.#addresses()
    const sources = this.#conditions.of(variable).flatMap((each) => (each.kind === 'flow' ? [each.source] : []))
    if (name === 'protocol') {
      return [...PROTOCOLS.map((protocol) => ({ facts: { protocol }, label: protocol })), NO_PROTOCOL]
    }
    if (name === 'http') return httpValues(sources.flatMap((each) => (each.kind === 'http' ? [each.http] : [])))
    if (name === 'content')
      return contentValues(sources.flatMap((each) => (each.kind === 'content' ? each.detectors : [])))
    const terms = sources.flatMap((each): readonly SubjectTerm[] => (each.kind === 'subject' ? [each.term] : []))
    const key = Object.keys(terms[0] ?? {})[0] as keyof SubjectTerm | undefined
    return key === undefined ? [{ facts: {}, label: 'anything' }] : subjectValues(key, terms)
  }

  #ports(): readonly Value[] {
    const values: Value[] = []
    for (const transport of TRANSPORTS) {
      if (transport === 'icmp') continue
      let first = 0
      for (let port = 1; port <= 65536; port++) {
        if (
          port < 65536 &&
          this.#tables.ports[portIndex(transport, port)] === this.#tables.ports[portIndex(transport, first)]
        )
          continue
        const range = port - 1 === first ? `${first}` : `${first}-${port - 1}`
        values.push({ facts: { transport, port: first }, label: `${transport}/${range}` })
        first = port
      }
    }
    return [
      ...values,
      { facts: { transport: 'icmp', port: null }, label: 'icmp' },
      { facts: { transport: 'other', port: null }, label: 'another protocol' },
      { facts: { transport: null, port: null }, label: 'no transport' },
      ...TRANSPORTS.map((transport) => ({ facts: { transport, port: null }, label: `${transport} without a port` })),
    ]
  }

  /** Loopback and DHCP are decided before any rule, so an address that is only ever theirs is left out. */
  #addresses(): readonly Value[] {
    const values = addressValues(this.#tables.addresses)
    return [
      ...values.filter(({ facts }) => matchImplicit(facts) === null),
      { facts: { dst: null }, label: 'no address' },
    ]
  }

  #nameValues(): readonly NameValue[] {
    const byClass = new Map<string, NameValue & { labels: string[] }>()
    const { names } = this.#tables
    const seen = new Uint8Array(names.setCount)
    const add = (
      name: DomainName | null,
      setId: number,
      label: string,
      certainty: NameCandidate['certainty'],
    ): void => {
      const id = this.#tables.nameSetClass(setId, certainty)
      const key = `${certainty} ${id}`
      const known = byClass.get(key)
      if (known === undefined) byClass.set(key, { class: id, facts: {}, labels: [label], certainty, name })
      else if (known.labels.length < NAME_LABELS && !known.labels.includes(label)) known.labels.push(label)
    }
    add(null, 0, 'no name', 'certain')
    for (const { name, label } of sampleNames(this.#conditions.of(NAME))) {
      const setId = names.find(name)
      if (seen[setId]! >= NAME_LABELS) continue
      seen[setId]!++
      for (const certainty of ['certain', 'evidence', 'bound'] as const) add(name, setId, label, certainty)
      add(name, setId, `${label} without saying it`, 'nameless')
    }
    return [...byClass.values()]
  }
}

/** Of all names in one class, as many are kept to be shown. */
const NAME_LABELS = 50

const NO_PROTOCOL: Value = { facts: { protocol: null }, label: 'no protocol' }

function* sampleNames(conditions: readonly Condition[]): Generator<{ name: DomainName; label: string }> {
  const patterns = new Set<DomainPatterns>()
  for (const condition of conditions as readonly NameCondition[]) {
    for (const { patterns: listed, except } of condition.alternatives.flat()) {
      patterns.add(listed)
      if (except) patterns.add(except)
    }
  }
  for (const list of patterns) {
    for (const { name } of list) {
      yield { name, label: name }
      yield { name: `another.${name}` as DomainName, label: `*.${name}` }
    }
  }
  yield { name: 'another.invalid' as DomainName, label: 'any other name' }
}

function httpValues(conditions: readonly HttpCondition[]): readonly Value[] {
  const texts = (key: keyof HttpCondition): readonly (string | null)[] => {
    const mentioned = conditions.flatMap((each): readonly (string | DomainPattern)[] => each[key] ?? [])
    const globs = globTexts(mentioned.filter((each) => typeof each === 'string'))
    const hosts = mentioned.flatMap((each) => (typeof each === 'string' ? [] : [each.name, `another.${each.name}`]))
    const samples = [...globs, ...hosts]
    return [...new Set([...samples, 'another']), null]
  }
  const values = texts('host').flatMap((host) =>
    texts('path').flatMap((path) =>
      texts('method').flatMap((method) =>
        texts('contentType').map((contentType) => {
          const http = { host, path, method, contentType }
          return { facts: { http }, label: `request ${JSON.stringify(http)}` }
        }),
      ),
    ),
  )
  return [...values, { facts: { http: null }, label: 'no HTTP request' }]
}

function contentValues(detectors: readonly string[]): readonly Value[] {
  const findings = memberSets([...new Set(detectors)]).map((content) => ({
    facts: { content },
    label: content.length === 0 ? 'content without findings' : `content with ${content.join(' and ')}`,
  }))
  return [...findings, { facts: { content: null }, label: 'no content' }]
}
