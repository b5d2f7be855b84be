import { kernelTables, type CompiledPolicy, type CompiledRules, type HostFacts } from '@sallyport/compile'
import type { Binding, KernelGeneration } from '@sallyport/kernel'
import { addressBytes, type Address, type DomainName } from '@sallyport/net'
import type { Rule } from '@sallyport/policy'
import type { InspectedRules } from '../inspect/policy-of-tables.ts'
import { ruleLimits } from './rule-limits.ts'
import type { BoundNames } from './bound-names.ts'

/** The tables, and what a walk that stopped in them goes on with. */
type InspectedGeneration = KernelGeneration & InspectedRules

/** The rules in force as the kernel takes them, with every name that is bound at the time. */
export function generationOf(
  policy: CompiledPolicy,
  host: HostFacts,
  names: BoundNames,
  nowMs: number,
): InspectedGeneration {
  const rules = policy.at(nowMs)
  const { rules: _numbered, ...tables } = kernelTables(rules, host, rulesOf(policy))
  return { ...tables, rules, ...boundNow(policy, rules, names) }
}

/** Rules are numbered through all layers. */
export function rulesOf({ policy }: CompiledPolicy): readonly Rule[] {
  return policy.layers.flatMap((layer) => layer.rules)
}

/** What a generation has beside the tables of its rules. */
export function boundNow(
  { policy }: CompiledPolicy,
  rules: CompiledRules,
  names: BoundNames,
): Required<Pick<KernelGeneration, 'bindings' | 'monitor' | 'limits'>> {
  const bindings = [...names.entries()].map((entry) => ({
    address: addressBytes(entry.address),
    names: entry.names.map(({ name, ttlSeconds }) => nameBinding(rules, name, ttlSeconds)),
  }))
  return { bindings, monitor: policy.layers.at(-1)?.mode === 'monitor', limits: ruleLimits(policy) }
}

export function bindingOf(rules: CompiledRules, name: DomainName, address: Address, ttlSeconds: number): Binding {
  return { address: addressBytes(address), names: [nameBinding(rules, name, ttlSeconds)] }
}

function nameBinding(rules: CompiledRules, name: DomainName, ttlSeconds: number): Binding['names'][number] {
  return {
    class: rules.tables.nameClass({ certainty: 'certain', name }),
    awaitedClass: rules.tables.nameClass({ certainty: 'pending', name }),
    ttlSeconds,
  }
}
