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
import { processTerms, subjectTerms } from '../host/policy-terms.ts'

/** A policy as a resolver asks it. */
export type AskedPolicy = {
  readonly compiled: CompiledPolicy
  readonly judge: PolicyJudge
  readonly answering: AnswerSettings
  readonly settings: DnsSettings
  /** What is known of who asks. */
  readonly subjectOf: (client: Endpoint) => Flow
  /** Whether a verdict may depend on that. */
  readonly asksWho: boolean
}

/** Without `subjectOf` clients are processes of this host. Throws `policy-invalid` when the policy asks for what the resolver does not know. */
export function askPolicy(compiled: CompiledPolicy, subjectOf?: AskedPolicy['subjectOf']): AskedPolicy {
  const settings = dnsSettings(compiled.policy)
  const facts = subjectOf ?? (() => ({}))
  const judge = new PolicyJudge(compiled, { ...judgeOptions(settings), subjectOf: facts, isLastPoint: true })
  const terms = subjectOf === undefined ? processTerms(compiled.policy) : subjectTerms(compiled.policy)
  return { compiled, judge, answering: answerSettings(settings), settings, subjectOf: facts, asksWho: terms.length > 0 }
}
