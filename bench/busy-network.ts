import type { FlowRecord } from '@sallyport/flow'

/**
 * Flows of a network of 400 people in a month: few users, programs and destinations have most of them; browsers go anywhere, other
 * programs to their own twenty hosts; where a host is, its port and its verdict go with its name. Flow `n` of `all` is always the same one,
 * and no other.
 */
const USERS = 400
const APPS = 200
const BROWSERS = 3
const NAMES = 50_000
const HOSTS_OF_A_PROGRAM = 20
const MONTH_MS = 30 * 86_400_000
const COUNTRIES = ['US', 'DE', 'IE', 'NL', 'FR', 'GB', 'SE', 'JP', 'SG', 'CA', 'BR', 'IN', 'AU', 'CN', 'RU', 'PL']

type Host = Pick<FlowRecord, 'boundNames' | 'port' | 'protocol' | 'country' | 'asn' | 'verdict'>

export class BusyNetwork {
  readonly #all: number
  readonly #startMs: number
  readonly #hosts = new Map<number, Host>()

  constructor(all: number, startMs: number) {
    this.#all = all
    this.#startMs = startMs
  }

  flow(n: number): FlowRecord {
    const [a, b, c, d] = [chance(n, 1), chance(n, 2), chance(n, 3), chance(n, 4)]
    const user = Math.floor(USERS * a * a)
    const program = Math.floor(APPS * b ** 3)
    const isBrowser = program < BROWSERS
    const name = isBrowser
      ? Math.floor(Math.exp(c * Math.log(NAMES)))
      : NAMES + program * HOSTS_OF_A_PROGRAM + Math.floor(HOSTS_OF_A_PROGRAM * c ** 3)
    const host = this.#host(name)
    const address = mix(name, 7 + Math.floor(4 * d * d))
    const isRefused = host.verdict.verdict === 'deny'
    return {
      id: (n + 1).toString(16).padStart(16, '0'),
      time: new Date(this.#startMs + Math.floor((n * MONTH_MS) / this.#all)).toISOString(),
      device: `laptop-${user}`,
      user: `user${user}`,
      groups: ['staff'],
      app: isBrowser ? `/usr/lib/browser-${program}` : `/usr/bin/app-${program}`,
      unit: 'user.slice',
      container: null,
      src: `10.0.${Math.floor(user / 200)}.${(user % 200) + 10}`,
      dst: `${11 + (address % 180)}.${(address >>> 8) & 255}.${(address >>> 16) & 255}.${address >>> 24}`,
      transport: 'tcp',
      domain: null,
      ...host,
      ...(isRefused
        ? {}
        : {
            bytesOut: Math.floor(Math.exp(4 + 8 * c * d)),
            bytesIn: Math.floor(Math.exp(5 + 10 * c * a)),
            packetsOut: 5 + (address % 20),
            packetsIn: 6 + (address % 31),
            durationMs: Math.floor(Math.exp(12 * d)),
          }),
      parents: ['/usr/bin/bash'],
    }
  }

  #host(name: number): Host {
    const known = this.#hosts.get(name)
    if (known !== undefined) return known
    const [where, service] = [chance(name, 5), chance(name, 6)]
    const text = `host-${name}.site-${name % 9000}.example`
    const isRefused = service > 0.97
    const common = { layer: 'org', mode: 'enforce', stage: 'connect' } as const
    const rule = `rule-${name % 20}`
    const host: Host = {
      boundNames: name % 10 === 0 ? [text, `cdn-${name % 40}.example`] : [text],
      port:
        service < 0.9 ? 443 : service < 0.95 ? 80 : service < 0.97 ? 22 : 1000 + (Math.floor(service * 100_000) % 40),
      protocol: service < 0.9 ? 'tls' : service < 0.95 ? 'http' : service < 0.97 ? 'ssh' : null,
      country: COUNTRIES[Math.floor(16 * where * where)]!,
      asn: 64_500 + Math.floor(300 * where ** 3),
      verdict: isRefused
        ? { ...common, verdict: 'deny', rule: null, reason: 'default', explain: 'no rule allows it' }
        : { ...common, verdict: 'allow', rule, reason: 'rule', explain: `allowed by ${rule}` },
    }
    this.#hosts.set(name, host)
    return host
  }
}

/** 32 bits that look like chance (the finalizer of MurmurHash3). */
function mix(n: number, seed: number): number {
  let hash = Math.imul(n ^ Math.imul(seed, 0x9e3779b1), 0x85ebca6b) ^ Math.floor(n / 2 ** 32)
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
  return (hash ^ (hash >>> 16)) >>> 0
}

const chance = (n: number, seed: number): number => mix(n, seed) / 2 ** 32
