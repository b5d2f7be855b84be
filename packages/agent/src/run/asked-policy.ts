import type { CompiledPolicy } from '@sallyport/compile'
import {
  answerSettings,
  dnsSettings,
  judgeOptions,
  PolicyJudge,
  type AnswerSettings,
  type Endpoint,
} from '@sallyport/dns'
import type { DnsSettings, Flow } from '@sallyport/policy'

/** A policy as a resolver asks it. */
export type AskedPolicy = {
  readonly compiled: CompiledPolicy
  readonly judge: PolicyJudge
  readonly answering: AnswerSettings
  readonly settings: DnsSettings
  /** What is known of who asks. */
  readonly subjectOf: (client: Endpoint) => Flow
}

/** Throws `policy-invalid` when the policy asks for what the resolver does not know. */
export function askPolicy(compiled: CompiledPolicy, subjectOf: AskedPolicy['subjectOf'] = () => ({})): AskedPolicy {
  const settings = dnsSettings(compiled.policy)
  const judge = new PolicyJudge(compiled, { ...judgeOptions(settings), subjectOf, isLastPoint: true })
  return { compiled, judge, answering: answerSettings(settings), settings, subjectOf }
}
