export type DaySum =
  | 'by_place'
  | 'by_program'
  | 'by_person'
  | 'by_person_country'
  | 'by_program_place'
  | 'by_program_person'
  | 'by_outcome'
  | 'by_visited'

/**
 * Sums of flows a day, by what is asked for together: where they went and who went there, which programs they were of, whose they were, where
 * each program went and who used it, what became of them. Each is a projection of `flows`: ClickHouse keeps it with the rows it
 * sums up, and reads it for a question that names nothing else.
 */
export const DAY_SUMS: Readonly<Record<DaySum, readonly string[]>> = {
  by_place: ['destination', 'names', 'dst', 'country', 'asn', 'transport', 'port', 'protocol', 'rule', 'verdict'],
  by_program: ['app', 'unit', 'country', 'asn', 'transport', 'port', 'protocol', 'verdict'],
  by_person: ['user', 'device', 'country', 'asn', 'transport', 'port', 'protocol', 'verdict'],
  by_person_country: ['user', 'device', 'country', 'transport', 'port', 'protocol', 'verdict'],
  by_program_place: ['app', 'destination', 'country', 'asn', 'transport', 'port', 'protocol', 'rule', 'verdict'],
  by_program_person: ['app', 'user', 'device', 'verdict'],
  by_outcome: ['mode', 'layer', 'stage', 'rule', 'reason', 'verdict'],
  by_visited: ['destination', 'country', 'asn', 'transport', 'port', 'protocol', 'rule', 'verdict'],
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

/** How many different ones, exact for a few thousand and within a percent above: all of them a day would be as many rows as flows. */
export const VISITORS = {
  apps: `uniqCombinedIf(app, app != '')`,
  users: `uniqCombinedIf(user, user != '')`,
} as const

/** Whether one of the sums has all these columns. */
export function haveDaySums(columns: readonly string[], names: readonly DaySum[] = Object.keys(DAY_SUMS) as DaySum[]): boolean {
  return names.some((name) => columns.every((each) => DAY_SUMS[name].includes(each)))
}

/** Who went to one destination is asked of a few of them, for all days: its days lie together. */
export function daySumsProjection(name: DaySum): string {
  const [first = '', ...others] = DAY_SUMS[name]
  return name === 'by_visited'
    ? sumsProjection([first, FLOW_DAY, ...others], VISITORS)
    : sumsProjection([FLOW_DAY, first, ...others])
}

/** Rows lie in the order of the keys. */
export function sumsProjection(keys: readonly string[], others: Readonly<Record<string, string>> = {}): string {
  const by = keys.join(', ')
  return `SELECT ${[by, ...Object.values(FLOW_SUMS), ...Object.values(others)].join(', ')} GROUP BY ${by}`
}
