import type { DomainName } from '@sallyport/net'
import type { Counters } from './counters.ts'

/** A target and the names that lead to it, each with the time at which it is over. */
type Target = Map<DomainName, number>

const MOST_TARGETS = 4096
/** One host of a large provider serves many names; those that led to it longest ago are forgotten first. */
const MOST_NAMES = 64

/**
 * Hosts to which HTTPS and SVCB records of other names have led (RFC 9460 §2.5). A client asks for their addresses next, and
 * then says the name that it meant: so these look-ups are for that name.
 */
export class ServiceTargets {
  readonly #targets = new Map<DomainName, Target>()
  readonly #counters: Counters
  readonly #now: () => number
  #changes = 0

  /** `now` in milliseconds, never going back. */
  constructor(counters: Counters, now: () => number) {
    this.#counters = counters
    this.#now = now
  }

  /** Another value as soon as a name leads to a target that it did not lead to before. */
  get generation(): unknown {
    return this.#changes
  }

  note(target: DomainName, names: readonly DomainName[], seconds: number): void {
    const untilMs = this.#now() + seconds * 1000
    const known = this.#targets.get(target) ?? new Map<DomainName, number>()
    this.#targets.delete(target)
    if (this.#targets.size >= MOST_TARGETS) this.#forgetFirst(this.#targets)
    this.#targets.set(target, known)
    for (const name of names) {
      if (name === target) continue
      const before = known.get(name) ?? -Infinity
      if (before <= this.#now()) this.#changes++
      known.delete(name)
      if (known.size >= MOST_NAMES) this.#forgetFirst(known)
      known.set(name, Math.max(before, untilMs))
    }
  }

  /** The names that lead to it now. */
  namesOf(target: DomainName): readonly DomainName[] {
    const now = this.#now()
    return [...(this.#targets.get(target) ?? [])].filter(([, untilMs]) => untilMs > now).map(([name]) => name)
  }

  #forgetFirst<Value>(of: Map<DomainName, Value>): void {
    of.delete(of.keys().next().value!)
    this.#counters.add('serviceTargetsForgotten')
  }
}
