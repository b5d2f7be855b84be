import type { ObservedFlow } from '../../src/index.ts'
import { observed, START } from '../labelled-traffic.ts'
import { benignServices } from './benign-services.ts'
import { addressOf, DAY, HOUR, isWorkday, MINUTE, pause, popular, type Emit, type Machine } from './machine.ts'

/** What leaves a machine of an office on which nothing is wrong, oldest first. */
export function officeMachine(machine: Machine): readonly ObservedFlow[] {
  const { device, user, next } = machine
  const flows: ObservedFlow[] = []
  const emit: Emit = (timeMs, facts, denied = false) => {
    if (timeMs < START + machine.days * DAY) flows.push(observed(timeMs, { device, user, ...facts }, denied))
  }
  // What one look-up gave outlives it: a program that keeps an address says a name for which the resolver has forgotten it.
  const browserKeepsAddresses = next() < 0.1
  for (let day = 0; day < machine.days; day++) {
    const workday = START + day * DAY
    if (isWorkday(day)) {
      for (let at = workday + 8 * HOUR + next() * HOUR; at < workday + 17 * HOUR; at += pause(next, 15 * MINUTE))
        browse(machine, at, browserKeepsAddresses, emit)
    }
  }
  benignServices(machine, emit)
  return flows.toSorted((a, b) => a.timeMs - b.timeMs)
}

/** A sitting of some pages; each brings names of others along, and some of these an advertisement list refuses. */
function browse({ sites, next }: Machine, startMs: number, keepsAddresses: boolean, emit: Emit): void {
  const seen = new Set<string>()
  let at = startMs
  for (let page = 1 + Math.floor(next() * 8); page > 0; page--, at += pause(next, 40_000)) {
    for (let part = 2 + Math.floor(next() * 10); part > 0; part--) {
      const name = popular(sites, next)
      const bytesOut = Math.floor(600 + Math.exp(next() * 9))
      const app = '/usr/lib/firefox/firefox'
      const forgotten = next() < (keepsAddresses ? 0.3 : 0.005) && seen.has(name)
      seen.add(name)
      const facts = { app, name, ip: addressOf(name), protocol: 'tls', bytesOut, bytesIn: bytesOut * 15 } as const
      if (next() < 0.15)
        emit(
          at + part * 200,
          { app, name: `ads${Math.floor(next() * 60)}.advertising.example`, port: null, rule: 'no-advertisements' },
          true,
        )
      else emit(at + part * 200, { ...facts, durationMs: 30_000, ...(forgotten ? { boundNames: [] } : {}) })
    }
  }
}
