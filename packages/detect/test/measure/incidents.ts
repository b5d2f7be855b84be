import type { DetectorName, ObservedFlow } from '../../src/index.ts'
import { AZ, letters, observed, START } from '../labelled-traffic.ts'
import { generatorFamilies, type Family } from './generator-families.ts'
import type { Incident } from './incident.ts'
import { addressOf, DAY, HOUR, MINUTE, type Machine } from './machine.ts'

type Facts = Parameters<typeof observed>[1]
type Draft = { readonly machine: Machine; readonly fromDay: number; readonly number: number }

const BASE32 = 'abcdefghijklmnopqrstuvwxyz234567'
const HEX = '0123456789abcdef'
/** What refuses that which a feed lists, and what lets through and tells. */
export const LISTING_RULE = 'no-malware'
export const TELLING_RULE = 'ssh-elsewhere'
const FIREFOX = '/usr/lib/firefox/firefox'

/** One incident of each kind, on the machine given, from the day given on. */
export function incidentsOn(draft: Draft): readonly Incident[] {
  return KINDS.map((make) => make(draft))
}

/** Kinds of traffic that the detectors are there for, each by the means that the tools of its kind have. */
const KINDS: readonly ((draft: Draft) => Incident)[] = [
  ...[
    [30_000, 0, 0],
    [MINUTE, 0.2, 0.1],
    [5 * MINUTE, 0.3, 0.3],
    [15 * MINUTE, 0.5, 0.05],
    [HOUR, 0.2, 0.1],
    [4 * HOUR, 0.2, 0],
    [8 * HOUR, 0.1, 0.05],
  ].map(
    ([periodMs, jitter, loss]) =>
      (draft: Draft) =>
        timer(draft, periodMs!, jitter!, loss!),
  ),
  (draft) =>
    single(draft, 'long-connection', 'a shell kept open', {
      port: 443,
      durationMs: (5 + draft.machine.next() * 40) * HOUR,
    }),
  (draft) => upload(draft, 'by a program of its own', '/usr/bin/rclone', 2e9),
  (draft) => upload(draft, 'by the browser', FIREFOX, 3e9),
  (draft) => upload(draft, 'a small one, by a program that mostly receives', '/usr/lib/apt/methods/https', 8e7),
  (draft) => tunnel(draft, 'base32, as iodine', () => letters(draft.machine.next, 56, BASE32)),
  (draft) => tunnel(draft, 'hexadecimal, as of a file', () => letters(draft.machine.next, 32, HEX)),
  ...Object.entries(generatorFamilies()).map(
    ([kind, family]) =>
      (draft: Draft) =>
        generated(draft, kind, family),
  ),
  (draft) => refused(draft, 'addresses', (at) => ({ ip: `10.1.${at >> 8}.${at & 255}`, port: 445 })),
  (draft) => refused(draft, 'ports', (at) => ({ ip: '10.2.0.9', port: 1 + at })),
  (draft) =>
    refused(draft, 'a name that it does not give up', () => ({ name: `c2-${draft.number}.example`, port: null })),
  (draft) => single(draft, 'protocol-mismatch', 'SSH on 443', { protocol: 'ssh' }),
  (draft) => single(draft, 'protocol-mismatch', 'OpenVPN on 53', { protocol: 'openvpn', port: 53, transport: 'udp' }),
  (draft) => single(draft, 'name-mismatch', 'fronting', { boundNames: ['cdn.example' as never] }),
  (draft) => single(draft, 'name-mismatch', 'a name said to an address of one’s own', { boundNames: [] }),
  (draft) => single(draft, 'remote-access', 'AnyDesk', { name: `relay-${draft.number}.net.anydesk.com` }),
  (draft) => single(draft, 'remote-access', 'RDP', { protocol: 'rdp', port: 3389 }),
  (draft) => single(draft, 'anonymiser', 'a VPN service', { name: `de-${draft.number}.nordvpn.com` }),
  (draft) => single(draft, 'anonymiser', 'Tor', { protocol: 'tor', port: 9001 }),
  (draft) => {
    const name = `www.${letters(draft.machine.next, 16, BASE32)}.com`
    return single(draft, 'anonymiser', 'Tor inside TLS', { name, boundNames: [] })
  },
  (draft) =>
    single(draft, 'new-application', 'a program that was never there', {
      app: `/tmp/.${letters(draft.machine.next, 6, AZ)}/x`,
    }),
  (draft) => single(draft, 'new-destination', 'an updater that goes elsewhere', { app: draft.machine.agent }),
  rare,
  (draft) => ruled(draft, 'feed-hit', 'a name that a feed lists, once', { port: null, rule: LISTING_RULE }, true),
  (draft) =>
    ruled(draft, 'rule-alert', 'SSH to where a rule with an alert lets it', { port: 22, rule: TELLING_RULE }, false),
]

function incident(
  draft: Draft,
  detector: DetectorName,
  kind: string,
  flows: readonly ObservedFlow[],
  own: boolean,
): Incident {
  const { domain, dst, app } = flows[0]!.flow
  const destinations = new Set(flows.flatMap(({ flow }) => (flow.domain ? [flow.domain] : [])))
  if (domain === undefined && dst) destinations.add(`10.9.${draft.number >> 8}.${draft.number & 255}` as never)
  return { detector, kind, flows, app: own ? app! : null, isOfMachine: false, destinations }
}

function at({ machine, fromDay }: Draft, hour: number): number {
  return START + fromDay * DAY + hour * HOUR + machine.next() * 10 * MINUTE
}

function flow({ machine }: Draft, timeMs: number, facts: Facts, denied = false): ObservedFlow {
  const { device, user } = machine
  const ip = facts.name === undefined || facts.port === null ? {} : { ip: addressOf(facts.name) }
  return observed(timeMs, { device, user, protocol: 'tls', bytesOut: 2000, bytesIn: 2000, ...ip, ...facts }, denied)
}

/** By an interpreter that other programs use too. */
function timer(draft: Draft, periodMs: number, jitter: number, loss: number): Incident {
  const { next, days } = draft.machine
  const name = `beacon-${draft.number}-${periodMs}.example`
  const flows: ObservedFlow[] = []
  for (let time = at(draft, next() * 4); time < START + days * DAY; time += periodMs * (1 + jitter * (2 * next() - 1)))
    if (next() >= loss)
      flows.push(
        flow(draft, time, { app: '/usr/bin/python3', name, bytesOut: 400 + Math.floor(next() * 60), bytesIn: 300 }),
      )
  const kind = `every ${periodMs / 1000} s ± ${jitter * 100} %, ${loss * 100} % lost`
  return incident(draft, 'beacon', kind, flows, false)
}

function single(draft: Draft, detector: DetectorName, kind: string, facts: Facts): Incident {
  const name = `${detector}-${kind.length}-${draft.number}.example`
  const isByAddress = facts.protocol === 'rdp' || facts.protocol === 'tor'
  const where = isByAddress ? { ip: `10.9.${draft.number >> 8}.${draft.number & 255}` } : { name }
  return incident(
    draft,
    detector,
    kind,
    [flow(draft, at(draft, 10), { app: '/usr/bin/python3', ...where, ...facts })],
    false,
  )
}

/** What a rule says by itself. It draws nothing, so that the rest is what it was without. */
function ruled(draft: Draft, detector: DetectorName, kind: string, facts: Facts, denied: boolean): Incident {
  const name = `${detector}-${draft.number}.example`
  const each = flow(draft, START + (draft.fromDay + 0.5) * DAY, { app: '/usr/bin/python3', name, ...facts }, denied)
  return incident(draft, detector, kind, [each], false)
}

function upload(draft: Draft, kind: string, app: string, bytes: number): Incident {
  const facts = { app, name: `drop-${draft.number}-${kind.length}.example`, bytesOut: bytes / 4, bytesIn: 1e6 }
  const start = at(draft, 14)
  return incident(
    draft,
    'upload-volume',
    kind,
    [0, 1, 2, 3].map((part) => flow(draft, start + part * MINUTE, facts)),
    false,
  )
}

function tunnel(draft: Draft, kind: string, label: () => string): Incident {
  const zone = `t${draft.number}-${kind.length}.example`
  const start = at(draft, 11)
  const flows = Array.from({ length: 300 }, (_, index) =>
    flow(draft, start + index * 500, { app: '/usr/bin/python3', name: `${label()}.${zone}`, port: null }),
  )
  return { ...incident(draft, 'dns-tunnel', kind, flows, false), destinations: new Set([zone]) }
}

function generated(draft: Draft, kind: string, family: Family): Incident {
  const start = at(draft, 3)
  const label = family(draft.machine.next)
  const flows = Array.from({ length: 60 }, (_, index) =>
    flow(draft, start + index * 20_000, {
      app: `/usr/bin/${kind.split(':')[0]!.toLowerCase()}`,
      name: `${label()}.com`,
    }),
  )
  return incident(draft, 'generated-domain', kind, flows, true)
}

function refused(draft: Draft, kind: string, facts: (at: number) => Facts): Incident {
  const start = at(draft, 13)
  const app = `/usr/bin/refused-${kind.split(' ').length}-${kind.length}`
  const flows = Array.from({ length: 120 }, (_, index) =>
    flow(draft, start + index * 4000, { app, ...facts(index) }, true),
  )
  return incident(draft, 'many-refusals', kind, flows, true)
}

function rare(draft: Draft): Incident {
  const name = `rare-${draft.number}.example`
  const flows = Array.from({ length: 40 }, (_, index) =>
    flow(draft, at(draft, 8 + (index % 10)), {
      app: FIREFOX,
      name,
      bytesOut: 500 + Math.floor(draft.machine.next() * 9000),
    }),
  )
  return incident(draft, 'rare-destination', 'one of all, again and again', flows, false)
}
