import type { CompiledPolicy } from '@sallyport/compile'
import { answerSettings, dnsSettings, judgeOptions, PolicyJudge, type AnswerSettings } from '@sallyport/dns'
import type { DnsSettings } from '@sallyport/policy'

/** A policy as this host's resolver asks it. */
export type AskedPolicy = {
  readonly compiled: CompiledPolicy
  readonly judge: PolicyJudge
  readonly answering: AnswerSettings
  readonly settings: DnsSettings
}

/** Throws `policy-invalid` when the policy asks for what the resolver does not know. */
export function askPolicy(compiled: CompiledPolicy): AskedPolicy {
  const settings = dnsSettings(compiled.policy)
  const judge = new PolicyJudge(compiled, { ...judgeOptions(settings), isLastPoint: true })
  return { compiled, judge, answering: answerSettings(settings), settings }
}
