import type { SqlEngine } from '../src/engine/sql-engine.ts'

/** Flows of many people over days, made by ClickHouse itself. */
export type BusySite = {
  readonly flows: number
  readonly untilMs: number
  readonly days: number
  readonly users: number
}

const STEP = 2_000_000

/**
 * Everybody has the same twelve programs, and goes to destinations by Zipf's law at moments that nothing rules: no pair of theirs is a
 * timer, though many are called as often as one. A fifth of the flows have no name.
 */
export async function fillBusySite(engine: SqlEngine, { flows, untilMs, days, users }: BusySite): Promise<void> {
  for (let from = 0; from < flows; from += STEP) {
    const rows = Math.min(STEP, flows - from)
    await engine.fill(`INSERT INTO flows (time, batch, seq, flow, user, app, unit, dst, port, transport, names, country, asn, bytesOut, bytesIn,
        durationMs, verdict, rule, layer, mode, stage, reason, explain, destination, facts)
      SELECT fromUnixTimestamp64Milli(toInt64(${untilMs} - (cityHash64(n, 'time') % ${days * 86_400_000}))) AS time,
        concat('busy-', toString(intDiv(n, 20000))) AS batch, n % 20000 AS seq, cityHash64(n) AS flow,
        concat('user', toString(cityHash64(n, 'user') % ${users})) AS user,
        concat('/usr/bin/app-', toString(cityHash64(n, 'app') % 12)) AS app, 'user.slice',
        toIPv6(concat('::ffff:', address)), 443 AS port, 'tcp',
        if(n % 5 = 0, [], [concat('www.site-', toString(site), '.example')]) AS names, ['DE', 'US', 'FR', 'NL'][site % 4 + 1] AS country,
        64500 + site % 500 AS asn, 400 + cityHash64(n, 'out') % 40000 AS bytesOut, 8000 + cityHash64(n, 'in') % 900000 AS bytesIn,
        cityHash64(n, 'duration') % 90000, if(n % 50 = 0, 'deny', 'allow') AS verdict,
        if(n % 50 = 0, '', 'web') AS rule, 'org', 'enforce', 'connect', 'rule', 'allowed by rule web of org',
        if(empty(names), address, names[1]) AS destination,
        concat('{"app":"', app, '","asn":', toString(asn), if(empty(names), '', concat(',"boundNames":["', names[1], '"]')),
          ',"country":"', country, '","domain":null,"dst":"', address, '","port":', toString(port),
          ',"protocol":"tls","transport":"tcp","unit":"user.slice","user":"', user, '"}')
      FROM (
        SELECT number + ${from} AS n, toUInt32(exp(log(20000) * (cityHash64(n, 'site') % 1000000) / 1000000)) AS site,
          concat('198.51.', toString(intDiv(site, 256) % 100), '.', toString(site % 256)) AS address
        FROM numbers(${rows})
      )`)
  }
}
