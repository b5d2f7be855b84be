/** Truth over facts that may be unknown: Kleene's three values. */
export type Ternary = 'yes' | 'no' | 'maybe'

export function ternary(value: boolean): Ternary {
  return value ? 'yes' : 'no'
}

export function and(values: Iterable<Ternary>): Ternary {
  let result: Ternary = 'yes'
  for (const value of values) {
    if (value === 'no') return 'no'
    if (value === 'maybe') result = 'maybe'
  }
  return result
}

export function or(values: Iterable<Ternary>): Ternary {
  let result: Ternary = 'no'
  for (const value of values) {
    if (value === 'yes') return 'yes'
    if (value === 'maybe') result = 'maybe'
  }
  return result
}

export function not(value: Ternary): Ternary {
  return value === 'yes' ? 'no' : value === 'no' ? 'yes' : 'maybe'
}

/** A fact that is unknown may hold, one that is known to be none does not. */
export function holds<T>(fact: T | null | undefined, test: (value: T) => boolean): Ternary {
  return fact === undefined ? 'maybe' : fact === null ? 'no' : ternary(test(fact))
}
