import {
  openGeography,
  parseFeed,
  subscriptionsOf,
  type FeedStore,
  type Geography,
  type Subscription,
} from '@sallyport/catalog'
import { parseAddress, type Address } from '@sallyport/net'
import { parsePolicies } from '@sallyport/policy'
import { parseStoredFlow, type FlowStore, type StoredFlow } from '@sallyport/store'

type Habit = {
  readonly app: string
  readonly user: string
  readonly name: string
  readonly dst: string
  readonly everyMs: number
  readonly bytesOut: number
  readonly port?: number
}

const HOUR_MS = 3_600_000
const CURL = '/usr/bin/curl'
const NODE = '/usr/bin/node'
const APT = '/usr/lib/apt/methods/http'
const FIREFOX = '/usr/lib/firefox-esr/firefox-esr'
const GIT = '/usr/lib/git-core/git-remote-https'

/** What a developer's machine does in a day: programs, users and services as one sees them there. */
const HABITS: readonly Habit[] = [
  { app: NODE, user: 'ann', name: 'registry.npmjs.org', dst: '104.16.1.34', everyMs: 90_000, bytesOut: 2100 },
  { app: GIT, user: 'ann', name: 'github.com', dst: '140.82.121.4', everyMs: 400_000, bytesOut: 48_000 },
  { app: FIREFOX, user: 'ann', name: 'www.wikipedia.org', dst: '185.15.59.224', everyMs: 700_000, bytesOut: 5200 },
  { app: FIREFOX, user: 'ann', name: 'www.heise.de', dst: '193.99.144.85', everyMs: 1_100_000, bytesOut: 9100 },
  { app: FIREFOX, user: 'bob', name: 'www.bbc.co.uk', dst: '212.58.237.1', everyMs: 900_000, bytesOut: 7300 },
  { app: FIREFOX, user: 'bob', name: 'www.yahoo.co.jp', dst: '183.79.250.251', everyMs: 4_000_000, bytesOut: 3100 },
  { app: FIREFOX, user: 'bob', name: 'www.abc.net.au', dst: '203.2.218.208', everyMs: 5_000_000, bytesOut: 2900 },
  { app: FIREFOX, user: 'bob', name: 'www.uol.com.br', dst: '200.147.35.149', everyMs: 6_000_000, bytesOut: 2500 },
  {
    app: APT,
    user: '_apt',
    name: 'deb.debian.org',
    dst: '151.101.86.132',
    everyMs: 1_800_000,
    bytesOut: 1800,
    port: 80,
  },
  { app: '/usr/sbin/chronyd', user: '_chrony', name: 'ntp.se', dst: '194.58.200.20', everyMs: 1_024_000, bytesOut: 90 },
  { app: CURL, user: 'bob', name: 'api.example.net', dst: '203.0.113.20', everyMs: 300_000, bytesOut: 700 },
  {
    app: '/tmp/.cache/upd',
    user: 'bob',
    name: 'cdn-sync.example',
    dst: '198.51.100.66',
    everyMs: 600_000,
    bytesOut: 310,
  },
]
const REFUSED = ['telemetry.example.org', 'ads.example.org', 'tracker.example.com']

/** Flows of the last day, as the host records them. Countries and networks are looked up as the host does. */
export async function recordDay(flows: FlowStore, nowMs: number): Promise<void> {
  const geography = openGeography()
  const connections = HABITS.flatMap((habit) => flowsOf(habit, geography, nowMs))
  const lookUps = Array.from({ length: 60 }, (_, index) => lookUp(REFUSED[index % 3]!, nowMs - index * 1_300_000))
  const records = [...connections, ...lookUps].map((record) => parseStoredFlow(JSON.stringify(record)) as StoredFlow)
  await flows.ingest({ id: 'day', flows: records }, nowMs)
}

function flowsOf(habit: Habit, { countries, networks }: Geography, nowMs: number): readonly object[] {
  const { everyMs, name, dst, app, user, bytesOut, port = 443 } = habit
  const address = parseAddress(dst) as Address
  const asn = networks.find(address)
  const isAllowed = !app.startsWith('/tmp/')
  return Array.from({ length: Math.floor((24 * HOUR_MS) / everyMs) }, (_, index) => ({
    time: nowMs - 60_000 - index * everyMs,
    app,
    user,
    domain: name,
    boundNames: [name],
    dst,
    port,
    transport: 'tcp',
    protocol: port === 80 ? 'http' : 'tls',
    country: countries.find(address),
    asn: asn === null ? null : Number(asn),
    bytesOut: bytesOut + ((index * 37) % 100),
    bytesIn: bytesOut * 9,
    durationMs: 120 + (index % 50),
    verdict: {
      verdict: isAllowed ? 'allow' : 'deny',
      rule: isAllowed ? ruleOf(app) : null,
      layer: 'office',
      mode: 'monitor',
      stage: 'handshake',
      reason: isAllowed ? 'rule' : 'default',
      explain: isAllowed ? `rule ${ruleOf(app)}` : 'no rule matches',
    },
  }))
}

function lookUp(name: string, time: number): object {
  const verdict = {
    verdict: 'deny',
    rule: 'no-tracking',
    layer: 'office',
    mode: 'enforce',
    stage: 'dns',
    reason: 'rule',
  }
  return {
    time,
    transport: 'udp',
    domain: name,
    boundNames: [name],
    dst: null,
    protocol: 'dns',
    verdict: { ...verdict, explain: 'rule no-tracking' },
  }
}

function ruleOf(app: string): string {
  if (app === APT || app.includes('chrony')) return 'system'
  return app === FIREFOX ? 'browse' : 'develop'
}

/** The policy that this host only watches under. */
export const OFFICE: string = `sallyport: 1
name: office
mode: monitor
feeds:
  malware: { url: "https://lists.example/malware.txt", refresh: 6h }
rules:
  - { id: no-malware, action: deny, to: [{ feed: malware }], alert: high }
  - { id: no-tracking, action: deny, to: [.example.org, tracker.example.com] }
  - { id: system, action: allow, from: [{ user: [_apt, _chrony] }], to: [.debian.org, ntp.se] }
  - { id: develop, action: allow, from: [{ app: ["/usr/bin/*", "/usr/lib/git-core/*"] }], to: [.npmjs.org, github.com, api.example.net] }
  - { id: browse, action: allow, from: [{ app: /usr/lib/firefox-esr/* }], ports: [80, 443] }
  - { id: old-printer, action: allow, to: [192.0.2.9], ports: [631], reason: "moved out in May" }
tests:
  - { to: "https://github.com", from: { app: /usr/lib/git-core/git-remote-https }, expect: allow }
`

const LIST = 'bad.example\nworse.example\nnot a name at all\n192.0.2.66\n-\n'

/** A copy of the policy's feed, as a refresh leaves it. */
export async function keepFeed(feeds: FeedStore, nowMs: number): Promise<Subscription> {
  const read = parsePolicies([{ file: 'office.yaml', text: OFFICE }])
  const [subscription] = read.ok ? subscriptionsOf(read.value) : []
  const bytes = Buffer.from(LIST)
  const feed = parseFeed(bytes, subscription!.source, nowMs)
  if ('invalid' in feed) throw new Error(feed.invalid)
  const sha256 = await feeds.putDocument(subscription!, bytes)
  const current = {
    sha256,
    fetchedMs: nowMs - HOUR_MS,
    bytes: bytes.length,
    format: feed.format,
    entries: feed.domains.length + feed.prefixes.length,
    problems: feed.problems,
    quarantine: { count: 0, shown: [] },
    etag: null,
    lastModified: null,
  }
  const checked = { checkedMs: nowMs - HOUR_MS / 2, failure: null, failures: 0, held: null, released: [] }
  await feeds.putState(subscription!, { version: 1, name: 'malware', current, ...checked })
  return subscription!
}
