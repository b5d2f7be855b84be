import type { FlowRecord } from '@sallyport/flow'

/**
 * Records of connections as those of a network of 400 people, the same as `store-rows.ts` has ClickHouse make: few users, programs and
 * destinations have most flows; browsers go anywhere, other programs to their own twenty hosts; where a host is, its port and its verdict go
 * with its name. Three in ten are the end of a connection, with its counters and the identity of its beginning.
 */
const USERS = 400
const APPS = 200
const BROWSERS = 3
const NAMES = 50_000
const COUNTRIES = ['US', 'DE', 'IE', 'NL', 'FR', 'GB', 'SE', 'JP', 'SG', 'CA', 'BR', 'IN', 'AU', 'CN', 'RU', 'PL']

/** Of [0, 1), told by both numbers; 32-bit mixing as in MurmurHash3. */
function chance(n: number, seed: number): number {
  let hash = Math.imul(n ^ Math.imul(seed, 0x9e3779b1), 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  return ((hash ^ (hash >>> 13)) >>> 0) / 2 ** 32
}

export function flowRecord(index: number, startMs: number, stepMs: number): FlowRecord {
  const ended = index % 10 >= 7
  const n = ended ? index - 7 : index
  const [a, b, c, d, e] = [1, 2, 3, 4, 5].map((seed) => chance(n, seed)) as [number, number, number, number, number]
  const user = Math.floor(USERS * a * a)
  const program = Math.floor(APPS * b ** 3)
  const host =
    program < BROWSERS ? Math.floor(Math.exp(c * Math.log(NAMES))) : NAMES + program * 20 + Math.floor(20 * c ** 3)
  const where = chance(host, 6)
  const kind = chance(host, 7)
  const place = Math.floor(chance(host * 4 + Math.floor(4 * d * d), 8) * 2 ** 32)
  const name = `host-${host}.site-${host % 9000}.example`
  const refused = kind > 0.97
  return {
    time: new Date(startMs + Math.floor(n * stepMs)).toISOString(),
    device: `laptop-${user}`,
    user: `user${user}`,
    groups: ['staff'],
    app: program < BROWSERS ? `/usr/lib/browser-${program}` : `/usr/bin/app-${program}`,
    unit: 'user.slice',
    container: null,
    src: `10.0.${Math.floor(user / 200)}.${(user % 200) + 10}`,
    dst: `${11 + (place % 180)}.${(place >>> 8) & 255}.${(place >>> 16) & 255}.${place >>> 24}`,
    port: kind < 0.9 ? 443 : kind < 0.95 ? 80 : kind < 0.97 ? 22 : 1000 + (Math.floor(kind * 100_000) % 40),
    transport: 'tcp',
    domain: null,
    boundNames: host % 10 === 0 ? [name, `cdn-${host % 40}.example`] : [name],
    protocol: kind < 0.9 ? 'tls' : kind < 0.95 ? 'http' : kind < 0.97 ? 'ssh' : null,
    country: COUNTRIES[Math.floor(16 * where * where)]!,
    asn: 64_500 + Math.floor(300 * where ** 3),
    id:
      n.toString(16).padStart(8, '0') +
      Math.floor(e * 2 ** 32)
        .toString(16)
        .padStart(8, '0'),
    parents: ['/usr/bin/bash', '/usr/lib/systemd/systemd'],
    ...(ended && !refused
      ? {
          ended: true as const,
          bytesOut: Math.floor(Math.exp(4 + 8 * c * d)),
          bytesIn: Math.floor(Math.exp(5 + 10 * c * a)),
          packetsOut: 5 + (host % 20),
          packetsIn: 6 + (host % 31),
          durationMs: Math.floor(Math.exp(12 * d)),
        }
      : {}),
    verdict: {
      verdict: refused ? 'deny' : 'allow',
      rule: refused ? null : `rule-${host % 20}`,
      layer: 'org',
      mode: 'enforce',
      stage: 'connect',
      reason: refused ? 'default' : 'rule',
      explain: refused ? 'no rule allows it' : `allowed by rule-${host % 20} of org`,
    },
  }
}
