import type { FlowFilter } from '../filter/condition.ts'
import { filterSql, type SqlCondition } from '../filter/filter-sql.ts'
import { FLOW_DAY, haveDaySums } from '../schema/day-sums.ts'
import { columnsAsked, untimed } from './span.ts'

/** The days on which there are flows that a filter leaves, where sums of days know: of what is rare, most days need not be read. */
export function whenTheyWent(filter: FlowFilter): SqlCondition {
  const asked = columnsAsked(filter)
  if (asked.length === 0 || !haveDaySums(asked)) return { sql: '1', params: {} }
  const { sql, params } = filterSql(untimed(filter), 'w')
  return { sql: `${FLOW_DAY} IN (SELECT ${FLOW_DAY} FROM flows WHERE ${sql} GROUP BY ${FLOW_DAY})`, params }
}
