import { matchImplicit, type Flow } from '@sallyport/policy'
import type { CompiledRules } from '../compiled-rules.ts'
import { NAME } from '../diagram/variable.ts'
import { mayStop, sameInKernel } from './kernel-image.ts'

/**
 * Whether the first octets of a flow decide: without its protocol and verified name it may end in more than one way, one of which
 * stops it. As the kernel's image has it.
 */
export function isAwaited(rules: CompiledRules, flow: Flow): boolean {
  if (matchImplicit(flow) !== null) return false
  const outcomes = rules.possibleFrom(rules.walk(rules.diagram.root, flow, NAME), {
    ...flow,
    http: null,
    content: null,
  })
  return outcomes.some((outcome) => !sameInKernel(outcome, outcomes[0]!)) && outcomes.some(mayStop)
}
