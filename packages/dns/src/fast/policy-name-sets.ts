import type { CompiledPolicy } from '@sallyport/compile'
import type { NameSets } from './refusal-templates.ts'

/**
 * For a judge that asks `policy` about a name and nothing that differs between clients: the policy tells names apart by
 * their sets alone. `policy` gives the one in force, `nowMs` the time since 1970.
 */
export function policyNameSets(policy: () => CompiledPolicy, nowMs: () => number): NameSets {
  return {
    findWire: (bytes, start) => policy().at(nowMs()).tables.names.findWire(bytes, start),
    generation: () => policy().at(nowMs()),
  }
}
