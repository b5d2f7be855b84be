import type { CompiledRules } from '@sallyport/compile'
import type { Resumable, RuleLimit } from '@sallyport/kernel'
import { addressFromBytes } from '@sallyport/net'
import type { BoundNames } from '../run/bound-names.ts'
import type { HandshakePolicy } from './handshake-guard.ts'
import { judgeHandshake } from './judge-handshake.ts'

/** What one generation of the kernel's tables was made from. */
export type InspectedRules = {
  readonly rules: CompiledRules
  readonly resume: ReadonlyMap<number, number>
  readonly limits: readonly RuleLimit[]
}

/** Flows that the kernel's walk left undetermined go on where it stopped. A generation that is `null` is so old that nobody knows. */
export function policyOfTables(
  rulesOf: (generation: number) => InspectedRules | null,
  names: BoundNames,
): HandshakePolicy<Resumable> {
  return {
    judge: ({ generation, resume, dst, sinceNs }, facts) => {
      const known = rulesOf(generation)
      const node = known?.resume.get(resume)
      if (known === null || node === undefined) return null
      const address = addressFromBytes(dst)
      // As they were when the flow began: so the kernel takes them too.
      const bound = address === null ? [] : names.namesOf(address, Number(sinceNs / 1_000_000n))
      return judgeHandshake((told) => known.rules.resume(node, told), facts, bound)
    },
    limitsOf: (generation) => rulesOf(generation)?.limits ?? [],
  }
}
