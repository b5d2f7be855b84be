import type { Address } from '@sallyport/net'
import type { Flow } from '@sallyport/policy'
import { refusal, type Refusal } from '../answers.ts'
import type { Judged, ProxyJudge } from '../decide/proxy-judge.ts'
import type { Destination } from '../http/request-target.ts'
import type { NameLookUp } from '../options.ts'
import type { NameAddresses } from './name-addresses.ts'

export type JudgedAddress = { readonly address: Address; readonly judged: Judged }

/** As far as it is needed here. */
export type LookUpNames = Pick<NameAddresses, 'lookUp'>

export type JudgedAddresses =
  | { readonly state: 'open'; readonly addresses: readonly JudgedAddress[]; readonly resolveMs: number | null }
  | {
      readonly state: 'refused'
      readonly refusal: Refusal
      readonly judged: Judged | null
      readonly resolveMs: number | null
    }

/**
 * The addresses of a destination that the policy lets through. A name is judged before anybody is asked about it, then each
 * of its addresses; the connection goes to one of those judged and to no other (DNS rebinding). At once where the name is known.
 */
export function judgeAddresses(
  destination: Destination,
  facts: Flow,
  judge: Pick<ProxyJudge, 'judge'>,
  names: LookUpNames,
  isLast: boolean,
): JudgedAddresses | Promise<JudgedAddresses> {
  const { host } = destination
  if (host.kind === 'address') return keepJudged([host.address], facts, judge, isLast, null)
  const early = judge.judge(facts, false)
  if (early.outcome === 'deny') return { state: 'refused', refusal: early.refusal, judged: early, resolveMs: null }
  const startMs = performance.now()
  const judgeAnswer = (answer: NameLookUp): JudgedAddresses => {
    const resolveMs = performance.now() - startMs
    switch (answer.kind) {
      case 'addresses':
        return keepJudged(answer.addresses, facts, judge, isLast, resolveMs)
      case 'none':
        return { state: 'refused', refusal: refusal('name-not-found', answer.explain), judged: null, resolveMs }
      case 'failed':
        return { state: 'refused', refusal: refusal('resolve-failed', answer.explain), judged: null, resolveMs }
    }
  }
  const answer = names.lookUp(host.name)
  return answer instanceof Promise ? answer.then(judgeAnswer) : judgeAnswer(answer)
}

/** The same addresses once more, when more is known. */
export function judgeAgain(
  addresses: readonly JudgedAddress[],
  facts: Flow,
  judge: Pick<ProxyJudge, 'judge'>,
): JudgedAddresses {
  return keepJudged(
    addresses.map(({ address }) => address),
    facts,
    judge,
    true,
    null,
  )
}

function keepJudged(
  addresses: readonly Address[],
  facts: Flow,
  judge: Pick<ProxyJudge, 'judge'>,
  isLast: boolean,
  resolveMs: number | null,
): JudgedAddresses {
  const all = addresses.map((address) => ({ address, judged: judge.judge({ ...facts, dst: address }, isLast) }))
  const open = all.filter(({ judged }) => judged.outcome !== 'deny')
  if (open.length > 0) return { state: 'open', addresses: open, resolveMs }
  const first = all[0]?.judged
  if (first?.outcome !== 'deny')
    return { state: 'refused', refusal: refusal('name-not-found'), judged: null, resolveMs }
  return { state: 'refused', refusal: first.refusal, judged: first, resolveMs }
}
