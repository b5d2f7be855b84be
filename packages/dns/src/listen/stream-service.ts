import type { Counters } from '../counters.ts'
import type { Limits, Timeouts } from '../limits.ts'
import type { QueryDesk } from '../query-desk.ts'

/** What every listener for connections hands queries to, and what it goes by. */
export type StreamService = {
  readonly desk: QueryDesk
  readonly limits: Limits
  readonly timeouts: Timeouts
  readonly counters: Counters
}
