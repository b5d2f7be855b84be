import type { Flow } from '@sallyport/policy'
import { refusal } from '../answers.ts'
import { judgeAgain, type JudgedAddresses } from '../connect/judge-addresses.ts'
import type { JudgedContent } from '../content/judge-content.ts'
import type { ProxyJudge } from '../decide/proxy-judge.ts'

export const NO_CONTENT: JudgedContent = { findings: [], opaque: null, body: null, isTargetSecret: false }

/** Whether some address may be reached or not by what the request carries. */
export function needsContent(early: JudgedAddresses): boolean {
  return (
    early.state === 'open' &&
    early.addresses.some(
      ({ judged: { verdict } }) => verdict?.verdict === 'undetermined' && verdict.needs.includes('content'),
    )
  )
}

/** The last word on a request. What could not be read is no evidence against it, and never enough to let it through. */
export function judgeRequest(
  judge: Pick<ProxyJudge, 'judge'>,
  early: JudgedAddresses,
  facts: Flow,
  content: JudgedContent,
): JudgedAddresses {
  if (early.state === 'refused' || early.addresses.every(({ judged }) => judged.outcome === 'allow')) return early
  if (!needsContent(early)) return judgeAgain(early.addresses, facts, judge)
  const judged = judgeAgain(
    early.addresses,
    { ...facts, content: content.findings.map(({ detector }) => detector) },
    judge,
  )
  if (content.opaque === null || judged.state === 'refused') return judged
  const isMonitored = judged.addresses.every(({ judged: { verdict } }) => verdict?.mode === 'monitor')
  if (isMonitored) return judged
  const no = refusal('content-opaque', `not readable: ${content.opaque}`)
  return { state: 'refused', refusal: no, judged: judged.addresses[0]!.judged, resolveMs: null }
}
