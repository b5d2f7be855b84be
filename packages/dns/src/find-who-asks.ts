import type { Flow } from '@sallyport/policy'
import type { Counters } from './counters.ts'
import type { ClientTransport, ForwarderOptions, NameQuery, NameVerdict } from './options.ts'

/** The query with what is known of who asks, or why it is not answered. */
type Identified = { readonly query: NameQuery } | { readonly refusal: NameVerdict } | 'failed'

const UNKNOWN: NameVerdict = {
  verdict: 'deny',
  rule: null,
  explain: 'who asks decides, and could not be found out',
  refusedFor: 'unknown-client',
}

export async function findWhoAsks(
  whoAsks: ForwarderOptions['whoAsks'],
  query: NameQuery,
  transport: ClientTransport,
  counters: Counters,
): Promise<Identified> {
  let subject: Flow | 'unknown' | null
  try {
    subject = (await whoAsks?.(query, transport)) ?? null
  } catch {
    counters.add('judgeFailures')
    return 'failed'
  }
  if (subject === 'unknown') return { refusal: UNKNOWN }
  return { query: subject === null ? query : { ...query, subject } }
}
