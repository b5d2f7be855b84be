import type { SqlEngine } from '../engine/sql-engine.ts'

/** What one application of one user sent to one destination in an hour. */
export type HourlyVolume = {
  readonly hourMs: number
  readonly user: string
  readonly app: string
  readonly destination: string
  readonly flows: number
  readonly bytesOut: number
  readonly bytesIn: number
}

/** From the rolled-up hours, oldest first: no flow is read. */
export async function hourlyVolumes(engine: SqlEngine, sinceMs: number): Promise<readonly HourlyVolume[]> {
  const rows = await engine.query(
    `SELECT toUnixTimestamp(hour) AS h, user, app, destination, sum(flows) AS n, sum(bytesOut) AS sent, sum(bytesIn) AS received
    FROM flows_hourly WHERE hour >= fromUnixTimestamp({since:Int64}) GROUP BY h, user, app, destination
    ORDER BY h, user, app, destination`,
    { since: Math.floor(sinceMs / 1000) },
  )
  return rows.map((row) => ({
    hourMs: Number(row['h']) * 1000,
    user: String(row['user']),
    app: String(row['app']),
    destination: String(row['destination']),
    flows: Number(row['n']),
    bytesOut: Number(row['sent']),
    bytesIn: Number(row['received']),
  }))
}
