import type { FilterTerm, FlowFilter } from '../filter/condition.ts'
import { filterSql, type SqlCondition } from '../filter/filter-sql.ts'

/**
 * The destinations that a filter of names or addresses can mean, of which sums of days know: rows of a destination lie together in a
 * projection, those of a name or an address do not.
 */
export function whereTheyWent(filter: FlowFilter): SqlCondition {
  const named = filter.filter(isName)
  if (named.length === 0) return { sql: '1', params: {} }
  const { sql, params } = filterSql(named, 'n')
  return { sql: `destination IN (SELECT destination FROM flows WHERE ${sql} GROUP BY destination)`, params }
}

export function isNamed(filter: FlowFilter): boolean {
  return filter.some(isName)
}

function isName({ negated, anyOf }: FilterTerm): boolean {
  return !negated && anyOf.every((each) => each.kind === 'domain' || (each.kind === 'address' && each.column === 'dst'))
}
