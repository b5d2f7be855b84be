/**
 * Flows as ClickHouse makes them itself, for questions over more of them than come through a spool in the time of a bench. As those of a
 * network of 400 people in a month: few users, programs and destinations have most flows; browsers go anywhere, other programs to
 * their own twenty hosts; where a host is, its port and its verdict go with its name. `SPREAD` says of what no two flows are alike: everything.
 */
const USERS = 400
const APPS = 200
const BROWSERS = 3
const NAMES = 50_000
const MONTH_MS = 30 * 86_400_000

const COLUMNS = `time, batch, seq, flow, started, device, user, app, unit, src, dst, port, asn, transport, protocol, country, names, destination,
  bytesOut, bytesIn, packetsOut, packetsIn, durationMs, verdict, rule, layer, mode, stage, reason, explain, parents, facts`

/** A statement that adds the flows from `from` to `to` of `all`. */
export function insertRows(from: number, to: number, all: number, startMs: number): string {
  const chance = (what: string, seed: string): string => `cityHash64(${what}, '${seed}') / 18446744073709551616.`
  return `INSERT INTO flows (${COLUMNS})
    WITH ${chance('n', 'user')} AS a, ${chance('n', 'app')} AS b, ${chance('n', 'name')} AS c, ${chance('n', 'address')} AS d,
      toUInt32(${USERS} * a * a) AS u, toUInt32(${APPS} * b * b * b) AS p,
      if(p < ${BROWSERS}, toUInt32(exp(c * ln(${NAMES}))), toUInt32(${NAMES} + p * 20 + 20 * c * c * c)) AS h,
      ${chance('h', 'where')} AS w, ${chance('h', 'port')} AS q,
      cityHash64(h, toUInt8(4 * d * d)) AS host,
      concat(toString(11 + host % 180), '.', toString(intDiv(host, 1000) % 256), '.', toString(intDiv(host, 300000) % 256), '.',
        toString(intDiv(host, 77000000) % 256)) AS address,
      concat('host-', toString(h), '.site-', toString(h % 9000), '.example') AS name,
      q > 0.97 AS refused
    SELECT fromUnixTimestamp64Milli(toInt64(${startMs} + intDiv(n * ${MONTH_MS}, ${all}))) AS time, concat('batch-', toString(intDiv(n, 40000))) AS batch,
      n % 40000 AS seq, cityHash64(n) AS flow, 1, concat('laptop-', toString(u)) AS device, concat('user', toString(u)) AS user,
      if(p < ${BROWSERS}, concat('/usr/lib/browser-', toString(p)), concat('/usr/bin/app-', toString(p))) AS app, 'user.slice',
      toIPv6(concat('::ffff:10.0.', toString(intDiv(u, 200)), '.', toString(u % 200 + 10))), toIPv6(concat('::ffff:', address)),
      multiIf(q < 0.9, 443, q < 0.95, 80, q < 0.97, 22, 1000 + toUInt32(q * 100000) % 40) AS port, 64500 + toUInt32(300 * w * w * w) AS asn,
      'tcp', multiIf(q < 0.9, 'tls', q < 0.95, 'http', q < 0.97, 'ssh', ''),
      ['US', 'DE', 'IE', 'NL', 'FR', 'GB', 'SE', 'JP', 'SG', 'CA', 'BR', 'IN', 'AU', 'CN', 'RU', 'PL'][toUInt8(16 * w * w) + 1] AS country,
      if(h % 10 = 0, [name, concat('cdn-', toString(h % 40), '.example')], [name]) AS names, name,
      if(refused, NULL, toUInt64(exp(4 + 8 * c * d))), if(refused, NULL, toUInt64(exp(5 + 10 * c * a))), if(refused, NULL, 5 + host % 20),
      if(refused, NULL, 6 + host % 31), if(refused, NULL, toUInt64(exp(12 * d))),
      if(refused, 'deny', 'allow'), if(refused, '', concat('rule-', toString(h % 20))), 'org', 'enforce', 'connect',
      if(refused, 'default', 'rule'), if(refused, 'no rule allows it', concat('allowed by rule-', toString(h % 20))), ['/usr/bin/bash'],
      concat('{"app":"', app, '","asn":', toString(asn), ',"boundNames":', toJSONString(names), ',"container":null,"country":"', country, '","device":"',
        device, '","domain":null,"dst":"', address, '","groups":["staff"],"port":', toString(port),
        ',"transport":"tcp","unit":"user.slice","user":"', user, '"}')
    FROM (SELECT number + ${from} AS n FROM numbers(${to - from}))`
}
