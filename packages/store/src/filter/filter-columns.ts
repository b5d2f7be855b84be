import type { Condition } from './condition.ts'

/** The columns of `flows` that a condition looks at. */
export function columnsOf(condition: Condition): readonly string[] {
  switch (condition.kind) {
    case 'domain':
      return ['names']
    case 'port':
      return ['transport', 'port']
    case 'since':
    case 'until':
      return ['time']
    default:
      return [condition.column]
  }
}
