import { formatAddress, type Address, type DomainName } from '@sallyport/net'
import type { Message, Question, ResourceRecord } from '@sallyport/wire'
import {
  answerAddresses,
  hasServices,
  keepAddresses,
  showName,
  targetOf,
  type TimedAddress,
} from './answer-addresses.ts'
import type { Counters } from './counters.ts'
import { DEFAULT_SETTINGS, type Binding, type ForwarderOptions, type NameQuery, type NameVerdict } from './options.ts'
import { selectAnswer, type SelectedAnswer } from './select-answer.ts'

/** What of an answer may be sent, and what is bound before. */
export type Settled = SelectedAnswer & {
  readonly bindings: readonly Binding[]
  /** Other hosts that its service records lead to. */
  readonly targets: readonly ServiceTarget[]
  /** The verdict that took away the last record asked for. */
  readonly denied: NameVerdict | null
}

type ServiceTarget = { readonly target: DomainName; readonly seconds: number }

/** `names` are those that the addresses are for: each address for those that may have it. */
export function settleAddresses(
  answer: Message,
  question: Question,
  query: NameQuery,
  names: readonly DomainName[],
  options: ForwarderOptions,
  counters: Counters,
): Settled {
  const { chain, records } = selectAnswer(answer, question)
  const refusing = deniedAlias(query, chain, options)
  if (refusing !== null) return { chain, records: [], bindings: [], targets: [], denied: refusing }
  const takers = new Map<string, readonly DomainName[]>()
  let last: NameVerdict | null = null
  const mayHave = (name: DomainName, address: Address): boolean => {
    const verdict = options.judgeAnswer?.({ ...query, name }, address, chain)
    if (verdict?.verdict !== 'deny') return true
    last = verdict
    return false
  }
  const keep = (address: Address): boolean => {
    const text = formatAddress(address)
    const taking = takers.get(text) ?? names.filter((name) => mayHave(name, address))
    takers.set(text, taking)
    if (taking.length === 0) counters.add('addressesDropped')
    return taking.length > 0
  }
  const leads = (record: ResourceRecord): boolean => {
    const target = targetOf(record, query.name)
    const verdict = target === null ? undefined : options.judgeAlias?.(query, target)
    if (verdict?.verdict !== 'deny') return true
    last = verdict
    return false
  }
  const needsName = hasServices(records) && names.some((name) => options.needsName?.({ ...query, name }) === true)
  const kept = keepAddresses((needsName ? showName(records) : records).filter(leads), keep)
  const denied = last !== null && !kept.some(carriesAnswer) ? last : null
  const bindings = bindingsOf(answerAddresses(kept), (address) => takers.get(formatAddress(address)) ?? [], options)
  return { chain, records: kept, bindings, targets: targetsOf(kept, query.name), denied }
}

function targetsOf(records: readonly ResourceRecord[], meant: DomainName): ServiceTarget[] {
  return records.flatMap((record) => {
    const target = targetOf(record, meant)
    return target === null ? [] : [{ target, seconds: record.ttl }]
  })
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

/** Each address once for each name that may have it, with the longest of its times. */
function bindingsOf(
  found: readonly TimedAddress[],
  takersOf: (address: Address) => readonly DomainName[],
  options: ForwarderOptions,
): Binding[] {
  const { addressFloorSeconds, addressGraceSeconds } = options.settings?.() ?? DEFAULT_SETTINGS
  const bindings = new Map<string, Binding>()
  for (const { address, ttlSeconds } of found) {
    const own = Math.max(addressFloorSeconds, ttlSeconds) + addressGraceSeconds
    for (const name of takersOf(address)) {
      const key = `${formatAddress(address)} ${name}`
      const longest = Math.max(own, bindings.get(key)?.ttlSeconds ?? 0)
      bindings.set(key, { name, address, ttlSeconds: longest })
    }
  }
  return [...bindings.values()]
}
