/**
 * Sums of flows a day, by what is asked for together: where they went, which programs they were of, whose they were. Each is a
 * projection of `flows`: ClickHouse keeps it with the rows it sums up, and reads it for a question that names nothing else.
 */
export const DAY_SUMS: Readonly<Record<string, readonly string[]>> = {
  by_place: ['destination', 'names', 'dst', 'country', 'asn', 'transport', 'port', 'protocol', 'rule', 'verdict'],
  by_program: ['app', 'unit', 'country', 'asn', 'transport', 'port', 'protocol', 'verdict'],
  by_person: ['user', 'device', 'country', 'asn', 'transport', 'port', 'protocol', 'verdict'],
}

/** Questions have these in the same words. */
export const FLOW_SUMS = {
  flows: 'sum(started)',
  sent: 'sum(ifNull(bytesOut, 0))',
  received: 'sum(ifNull(bytesIn, 0))',
  first: 'min(time)',
  last: 'max(time)',
} as const
export const FLOW_DAY = 'toDate(time)'

export function daySumsProjection(columns: readonly string[]): string {
  const keys = [FLOW_DAY, ...columns].join(', ')
  return `SELECT ${keys}, ${Object.values(FLOW_SUMS).join(', ')} GROUP BY ${keys}`
}
