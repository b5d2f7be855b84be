import type { SqlEngine } from '../engine/sql-engine.ts'
import type { FlowFilter } from '../filter/condition.ts'
import { filterSql } from '../filter/filter-sql.ts'
import { topFlows, type TopRow } from './top-flows.ts'

/** A destination with where it lies and who went there. */
export type DestinationRow = Omit<TopRow, 'key'> & {
  readonly destination: string
  /** At most five of each; the counts of applications and users are all of them. */
  readonly countries: readonly string[]
  readonly networks: readonly number[]
  readonly apps: number
  readonly users: number
}

/** Most flows first. What lies where is asked of the flows of these destinations only. */
export async function topDestinations(
  engine: SqlEngine,
  filter: FlowFilter,
  limit: number,
): Promise<readonly DestinationRow[]> {
  const rows = await topFlows(engine, 'destination', filter, limit)
  const where = filterSql(filter)
  const facts = await engine.query(
    `SELECT destination AS d, arraySort(groupUniqArrayIf(5)(country, country != '')) AS countries,
      arraySort(groupUniqArrayIf(5)(assumeNotNull(asn), asn IS NOT NULL)) AS networks,
      uniqExactIf(app, app != '') AS apps, uniqExactIf(user, user != '') AS users
    FROM flows WHERE ${where.sql} AND destination IN (SELECT arrayJoin(JSONExtract({keys:String}, 'Array(String)')))
    GROUP BY d`,
    { ...where.params, keys: JSON.stringify(rows.map(({ key }) => key)) },
  )
  const known = new Map(facts.map((row) => [String(row['d']), row]))
  return rows.map(({ key, ...row }) => ({
    destination: key,
    ...row,
    countries: (known.get(key)?.['countries'] ?? []) as readonly string[],
    networks: (known.get(key)?.['networks'] ?? []) as readonly number[],
    apps: Number(known.get(key)?.['apps'] ?? 0),
    users: Number(known.get(key)?.['users'] ?? 0),
  }))
}
