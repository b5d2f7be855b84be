import type { DomainName } from '@sallyport/net'
import {
  hostName,
  presentName,
  TYPE,
  type Message,
  type Question,
  type ResourceRecord,
  type WireName,
} from '@sallyport/wire'

/** The name as the policy sees it. A text that is no host name matches no pattern for one. */
export function judgedName(name: WireName): DomainName {
  return hostName(name) ?? (presentName(name) as DomainName)
}

/** RFC 1034 §3.6.2 sets no bound; resolvers stop between 8 and 16. */
const LONGEST_CHAIN = 16

// Over a week is not believed (RFC 8767 §4); a day is enough for any cache.
const LONGEST_TTL = 86_400

/** The records of an answer that belong to the question, with the names that lead from it to the addresses. */
export type SelectedAnswer = { readonly chain: readonly DomainName[]; readonly records: readonly ResourceRecord[] }

export function selectAnswer(answer: Message, question: Question): SelectedAnswer {
  const chain = followChain(answer, question)
  const owners = new Set<string>(chain)
  for (const record of answer.answers) {
    const owner = presentName(record.name)
    if (record.type === TYPE.DNAME && chain.some((name) => name.endsWith(`.${owner}`))) owners.add(owner)
  }
  const types = new Set<number>([question.type, TYPE.CNAME, TYPE.DNAME, TYPE.RRSIG])
  return {
    chain,
    records: answer.answers
      .filter((record) => question.type === TYPE.ANY || types.has(record.type))
      .filter((record) => owners.has(presentName(record.name)))
      .map((record) => ({ ...record, ttl: boundedTtl(record.ttl) })),
  }
}

function followChain(answer: Message, question: Question): DomainName[] {
  const targets = new Map<string, WireName>()
  for (const { name, data, type } of answer.answers) {
    if (type === TYPE.CNAME && data.kind === 'name') targets.set(presentName(name), data.name)
  }
  const chain = [judgedName(question.name)]
  while (chain.length < LONGEST_CHAIN) {
    const next = targets.get(chain.at(-1)!)
    if (next === undefined || chain.includes(judgedName(next))) break
    chain.push(judgedName(next))
  }
  return chain
}

/** RFC 2181 §8: a TTL with the highest bit set is zero. */
function boundedTtl(ttl: number): number {
  return ttl > 0x7fffffff ? 0 : Math.min(ttl, LONGEST_TTL)
}
