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
import { askedOfProcesses, subjectTerms, type ProcessFact } from '../host/policy-terms.ts'

/** A policy as a resolver asks it. */
export type AskedPolicy = {
  readonly compiled: CompiledPolicy
  readonly judge: PolicyJudge
  readonly answering: AnswerSettings
  readonly settings: DnsSettings
  /** What is known of who asks. */
  readonly subjectOf: (client: Endpoint) => Flow
  /** What a verdict may depend on of the process that asks. */
  readonly ofProcesses: ReadonlySet<ProcessFact>
  /** Whether a verdict may depend on who asks. */
  readonly asksWho: boolean
}

/** Without `subjectOf` clients are processes of this host. Throws `policy-invalid` when the policy asks for what the resolver does not know. */
export function askPolicy(compiled: CompiledPolicy, subjectOf?: AskedPolicy['subjectOf']): AskedPolicy {
  const settings = dnsSettings(compiled.policy)
  const facts = subjectOf ?? (() => ({}))
  const judge = new PolicyJudge(compiled, { ...judgeOptions(settings), subjectOf: facts, isLastPoint: true })
  const ofProcesses = askedOfProcesses(compiled.policy)
  const asksWho = subjectOf === undefined ? ofProcesses.size > 0 : subjectTerms(compiled.policy).length > 0
  return { compiled, judge, answering: answerSettings(settings), settings, subjectOf: facts, ofProcesses, asksWho }
}
