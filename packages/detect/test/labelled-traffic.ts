import { parseAddress, parseDomainName } from '@sallyport/net'
import type { Flow } from '@sallyport/policy'
import type { ObservedFlow } from '../src/index.ts'

export const START: number = Date.parse('2026-10-01T00:00:00Z')
const HOUR = 3_600_000

/** Mulberry32: the same traffic every time. */
export function random(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let word = Math.imul(state ^ (state >>> 15), 1 | state)
    word = (word + Math.imul(word ^ (word >>> 7), 61 | word)) ^ word
    return ((word ^ (word >>> 14)) >>> 0) / 4294967296
  }
}

export const AZ = 'abcdefghijklmnopqrstuvwxyz'

export function letters(next: () => number, length: number, alphabet: string): string {
  return Array.from({ length }, () => alphabet[Math.floor(next() * alphabet.length)]!).join('')
}

export function observed(
  timeMs: number,
  facts: Flow & { readonly name?: string; readonly ip?: string; readonly rule?: string },
  denied = false,
): ObservedFlow {
  const { name, ip, rule, ...flow } = facts
  return {
    timeMs,
    denied,
    rule: rule ?? null,
    flow: {
      transport: 'tcp',
      port: 443,
      ...(name === undefined ? {} : { domain: parseDomainName(name), boundNames: [parseDomainName(name)!] }),
      ...(ip === undefined ? {} : { dst: parseAddress(ip) }),
      ...flow,
    },
  }
}

/** A timer: every `periodMs`, off by up to `jitter` of it, with `loss` of the calls missing. */
export function beacon(
  name: string,
  options: { periodMs: number; jitter: number; loss: number; hours: number },
  next: () => number,
): readonly ObservedFlow[] {
  const flows: ObservedFlow[] = []
  for (
    let time = START + next() * options.periodMs;
    time < START + options.hours * HOUR;
    time += options.periodMs * (1 + options.jitter * (2 * next() - 1))
  ) {
    if (next() >= options.loss)
      flows.push(observed(time, { app: '/tmp/implant', name, bytesOut: 300 + Math.floor(next() * 40), bytesIn: 200 }))
  }
  return flows
}

/** A person: sessions with pauses of a long tail, bursts within them. */
export function browsing(name: string, hours: number, next: () => number): readonly ObservedFlow[] {
  const flows: ObservedFlow[] = []
  for (let time = START; time < START + hours * HOUR; time += Math.log(1 - next()) ** 2 * 600_000) {
    const burst = 1 + Math.floor(next() * 6)
    for (let index = 0; index < burst; index++) {
      const bytesOut = Math.floor(500 + Math.exp(next() * 9))
      flows.push(
        observed(time + index * next() * 8000, { app: '/usr/bin/firefox', name, bytesOut, bytesIn: bytesOut * 20 }),
      )
    }
  }
  return flows
}

/** Polls by people's software at exponential pauses. */
export function polling(name: string, meanMs: number, hours: number, next: () => number): readonly ObservedFlow[] {
  const flows: ObservedFlow[] = []
  for (let time = START; time < START + hours * HOUR; time += 1000 - Math.log(1 - next()) * meanMs) {
    flows.push(observed(time, { app: '/usr/bin/mail', name, bytesOut: Math.floor(200 + next() * 2000), bytesIn: 4000 }))
  }
  return flows
}
