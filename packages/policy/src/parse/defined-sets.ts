import type { OneOrMany } from '../schema/input.ts'
import { describe } from './describe.ts'
import type { Path } from './problem.ts'
import { checkDefinedName, entries, finding, type Scope } from './scope.ts'

const MAX_NESTING = 100
const MAX_TERMS = 5_000_000

/** How an entry becomes a term; `null` when it was reported as wrong. */
export type EntryReader<Entry, Term> = {
  readonly bare: (text: string, path: Path, names: ReadonlySet<string>) => Term | null
  readonly keyed: (entry: Entry, path: Path) => Term | null
}

type Definition<Term> = { readonly parts: readonly (Term | Reference)[]; readonly path: Path }
class Reference {
  readonly name: string
  readonly path: Path
  constructor(name: string, path: Path) {
    this.name = name
    this.path = path
  }
}

/** The defined sets of one kind. Sets name sets; a name stands for all the terms below it, each set once. */
export class DefinedSets<Entry extends object, Term extends object> {
  readonly names: ReadonlySet<string>
  readonly #definitions = new Map<string, Definition<Term>>()
  readonly #expanded = new Map<string, readonly Term[]>()
  readonly #reader: EntryReader<Entry, Term>
  readonly #scope: Scope
  #budget = MAX_TERMS

  constructor(
    sets: { readonly [name: string]: OneOrMany<string | Entry> },
    path: Path,
    reader: EntryReader<Entry, Term>,
    scope: Scope,
  ) {
    this.#reader = reader
    this.#scope = scope
    this.names = new Set(Object.keys(sets))
    for (const [name, set] of Object.entries(sets)) {
      const setPath = [...path, name]
      if (!checkDefinedName(name, setPath, scope.report) || !scope.sound(setPath)) continue
      this.#definitions.set(name, { parts: this.#parts(set, setPath), path: setPath })
    }
    this.#reportCycles()
  }

  /** The terms that a list in a rule stands for. */
  terms(list: OneOrMany<string | Entry>, path: Path): readonly Term[] {
    const parts = this.#parts(list, path)
    const only = parts[0]
    // Rules that name one set share its terms.
    if (parts.length === 1 && only instanceof Reference) return this.#expand(only.name)
    return this.#charge(
      parts.flatMap((part) => (part instanceof Reference ? this.#expand(part.name) : [part])),
      path,
    )
  }

  #parts(list: OneOrMany<string | Entry>, path: Path): (Term | Reference)[] {
    return entries(list, path).flatMap(([entry, entryPath]) => {
      const part =
        typeof entry === 'string'
          ? this.names.has(entry)
            ? new Reference(entry, entryPath)
            : this.#reader.bare(entry, entryPath, this.names)
          : this.#reader.keyed(entry as Entry, entryPath)
      return part === null ? [] : [part]
    })
  }

  #expand(name: string): readonly Term[] {
    const known = this.#expanded.get(name)
    if (known !== undefined) return known
    const seen = new Set<string>()
    const collect = (current: string, depth: number): Term[] => {
      const definition = this.#definitions.get(current)
      if (definition === undefined || seen.has(current) || depth > MAX_NESTING) return []
      seen.add(current)
      return definition.parts.flatMap((part) => (part instanceof Reference ? collect(part.name, depth + 1) : [part]))
    }
    const terms = this.#charge(collect(name, 0), this.#definitions.get(name)?.path ?? [])
    this.#expanded.set(name, terms)
    return terms
  }

  #charge(terms: readonly Term[], path: Path): readonly Term[] {
    if (this.#budget < 0) return []
    this.#budget -= terms.length
    if (this.#budget >= 0) return terms
    const allowed = [`at most ${MAX_TERMS} entries in all; put long lists into feeds`]
    this.#scope.report(finding('too-large', path, 'the sets stand for too many entries', { allowed }))
    return []
  }

  #reportCycles(): void {
    const done = new Set<string>()
    const visit = (name: string, trail: readonly string[]): void => {
      if (done.has(name)) return
      const definition = this.#definitions.get(name)
      for (const part of definition?.parts ?? []) {
        if (!(part instanceof Reference)) continue
        const start = [...trail, name].indexOf(part.name)
        if (start >= 0) this.#reportCycle([...trail, name].slice(start), part)
        else if (trail.length < MAX_NESTING) visit(part.name, [...trail, name])
        else
          this.#scope.report(
            finding('too-deep', part.path, 'sets are nested too deep', { allowed: [`at most ${MAX_NESTING} levels`] }),
          )
      }
      done.add(name)
    }
    for (const name of this.#definitions.keys()) visit(name, [])
  }

  #reportCycle(cycle: readonly string[], closing: Reference): void {
    const message = `the definition is cyclic: ${[...cycle, closing.name].join(' → ')}`
    const allowed = ['sets that do not contain themselves']
    this.#scope.report(finding('cyclic-definition', closing.path, message, { found: describe(closing.name), allowed }))
  }
}
