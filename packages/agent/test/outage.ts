import { SallyportError } from '@sallyport/policy'
import type { StateStore } from '@sallyport/store'

type Call = (...args: readonly unknown[]) => Promise<unknown>

/** A state store behind a line that can be cut. */
export class Outage {
  readonly store: StateStore
  isAway = false
  /** Everything is done, and nothing is heard of it. */
  losesAnswers = false

  constructor(store: StateStore) {
    const cut = <T extends object>(part: T): T =>
      new Proxy(part, {
        get: (_part, name) => {
          const call = (part as unknown as Record<PropertyKey, Call>)[name]!
          return async (...args: readonly unknown[]) => {
            if (this.isAway) throw away()
            const answer = await call.apply(part, [...args])
            if (this.losesAnswers) throw away()
            return answer
          }
        },
      })
    this.store = { policies: cut(store.policies), audit: cut(store.audit) } as StateStore
  }
}

function away(): SallyportError {
  return new SallyportError('state-unavailable', 'the state database is away')
}
