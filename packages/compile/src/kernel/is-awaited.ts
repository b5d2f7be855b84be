import { matchImplicit, type Flow } from '@sallyport/policy'
import type { CompiledRules } from '../compiled-rules.ts'
import { NAME } from '../diagram/variable.ts'
import { mayStop, sameInKernel } from './leaf-words.ts'

/**
 * Whether the first octets of a flow decide: without its protocol and verified name it may end in more than one way, one of which
 * stops it. As a host's kernel has it.
 */
export function isAwaited(rules: CompiledRules, flow: Flow): boolean {
  if (matchImplicit(flow) !== null) return false
  const node = rules.walk(rules.diagram.root, flow, NAME)
  // The handshake may state a name that the address was no answer for.
  const [bound, other] = [flow, { ...flow, boundNames: [] }].map((each) =>
    rules.possibleFrom(node, { ...each, http: null, content: null }),
  )
  // What a bound name settles before anything else would is settled, whatever is stated.
  if (bound!.length === 1 && bound![0]!.rank <= other![0]!.rank) return false
  const outcomes = [...bound!, ...other!]
  return outcomes.some((outcome) => !sameInKernel(outcome, outcomes[0]!)) && outcomes.some(mayStop)
}
