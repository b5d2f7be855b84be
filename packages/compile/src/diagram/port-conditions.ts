import type { PortRange } from '@sallyport/net'
import { and, matchPorts } from '@sallyport/policy'
import type { ConditionSource } from './condition.ts'
import type { ConditionSet } from './condition-set.ts'
import type { Conjunction } from './item.ts'
import { PORT } from './variable.ts'

export type PortList = readonly PortRange[]

/** A port must be in each of the lists: the rule's, and those of the services in the entry. */
export function portConditions(lists: readonly PortList[], conditions: ConditionSet): Conjunction {
  if (lists.length === 0) return []
  const source: ConditionSource = { kind: 'ports', lists }
  return [
    conditions.intern(JSON.stringify(source), {
      kind: 'flow',
      variable: PORT,
      source,
      evaluate: (facts) => and(lists.map((ports) => matchPorts(ports, facts))),
    }),
  ]
}
