import { formatAddress, type Address } from '@sallyport/net'
import type { Message, Question, ResourceRecord } from '@sallyport/wire'
import { answerAddresses, hasServices, keepAddresses, showName, type TimedAddress } from './answer-addresses.ts'
import type { Counters } from './counters.ts'
import { DEFAULT_SETTINGS, type Binding, type ForwarderOptions, type NameQuery, type NameVerdict } from './options.ts'
import { selectAnswer, type SelectedAnswer } from './select-answer.ts'

/** What of an answer may be sent, and what is bound before. */
export type Settled = SelectedAnswer & {
  readonly bindings: readonly Binding[]
  /** The verdict that took away the last record asked for. */
  readonly denied: NameVerdict | null
}

export function settleAddresses(
  answer: Message,
  question: Question,
  query: NameQuery,
  options: ForwarderOptions,
  counters: Counters,
): Settled {
  const { chain, records } = selectAnswer(answer, question)
  const refusing = deniedAlias(query, chain, options)
  if (refusing !== null) return { chain, records: [], bindings: [], denied: refusing }
  const verdicts = new Map<string, NameVerdict>()
  let last: NameVerdict | null = null
  const keep = (address: Address): boolean => {
    if (options.judgeAnswer === undefined) return true
    const text = formatAddress(address)
    const verdict = verdicts.get(text) ?? options.judgeAnswer(query, address, chain)
    verdicts.set(text, verdict)
    if (verdict.verdict !== 'deny') return true
    counters.add('addressesDropped')
    last = verdict
    return false
  }
  const seen = hasServices(records) && options.needsName?.(query) === true ? showName(records) : records
  const kept = keepAddresses(seen, keep)
  const denied = last !== null && !kept.some(carriesAnswer) ? last : null
  return { chain, records: kept, bindings: bindingsOf(query, answerAddresses(kept), options), denied }
}

function deniedAlias(
  query: NameQuery,
  chain: SelectedAnswer['chain'],
  { judgeAlias }: ForwarderOptions,
): NameVerdict | null {
  for (const alias of chain.slice(1)) {
    const verdict = judgeAlias?.(query, alias)
    if (verdict?.verdict === 'deny') return verdict
  }
  return null
}

function carriesAnswer({ data }: ResourceRecord): boolean {
  return data.kind === 'address' || data.kind === 'svcb'
}

/** Each address once, for the name asked for, with the longest of its times. */
function bindingsOf(query: NameQuery, found: readonly TimedAddress[], options: ForwarderOptions): Binding[] {
  const { addressFloorSeconds, addressGraceSeconds } = options.settings?.() ?? DEFAULT_SETTINGS
  const bindings = new Map<string, Binding>()
  for (const { address, ttlSeconds } of found) {
    const text = formatAddress(address)
    const own = Math.max(addressFloorSeconds, ttlSeconds) + addressGraceSeconds
    const longest = Math.max(own, bindings.get(text)?.ttlSeconds ?? 0)
    bindings.set(text, { name: query.name, address, ttlSeconds: longest })
  }
  return [...bindings.values()]
}
