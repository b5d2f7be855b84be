import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { detectAll, NOTHING_KNOWN, TunnelWatch, type DetectorName, type Known } from '@sallyport/detect'
import type { Label } from '../../packages/wire/test/identify/score-captures.ts'
import { capturedFlows, capturedLookUps } from './captured-traffic.ts'

/** What nDPI calls the flows that these detectors are there for. */
const TRUTH: Readonly<Partial<Record<DetectorName, RegExp>>> = {
  anonymiser: /\b(?:Tor|OpenVPN|WireGuard|TunnelBear|Psiphon|UltraSurf|Softether|Tailscale)$/,
  'remote-access': /\b(?:TeamViewer|AnyDesk|RDP|VNC)$/,
}
/** Captures with look-ups of a tunnel: dnscat2, and a single one of an exfiltration. */
const TUNNELS: ReadonlySet<string> = new Set(['bad-dns-traffic.pcap', 'dns-exf.pcap'])

type Row = {
  readonly detector: string
  readonly captures: number
  readonly found: number
  readonly missed: readonly string[]
  readonly wrong: readonly string[]
}

/** By capture: one in which a flow of the kind is labelled is found when an alert of the detector is raised for it. */
export function measureCaptures(folder: string, category: Known['category']): readonly Row[] {
  const labels = readFileSync(join(folder, 'labels.jsonl'), 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Label)
  const byCapture = Map.groupBy(labels, ({ pcap }) => pcap)
  const alerts = [...byCapture.keys()].flatMap((pcap) =>
    detectAll(capturedFlows(join(folder, pcap)), undefined, { ...NOTHING_KNOWN, category }).map((alert) => ({
      pcap,
      ...alert,
    })),
  )
  const kinds = new Set<DetectorName>([
    ...alerts.map(({ detector }) => detector),
    ...(Object.keys(TRUTH) as DetectorName[]),
  ])
  const rows = [...kinds].map((detector): Row => {
    const truth = TRUTH[detector]
    const labelled = new Set(
      labels.filter(({ proto, confidence }) => confidence === 'DPI' && truth?.test(proto)).map(({ pcap }) => pcap),
    )
    const own = alerts.filter((alert) => alert.detector === detector)
    const raised = new Set(own.map(({ pcap }) => pcap))
    return {
      detector,
      captures: labelled.size,
      found: labelled.intersection(raised).size,
      missed: [...labelled.difference(raised)],
      wrong: own.filter(({ pcap }) => !labelled.has(pcap)).map(({ pcap, sentence }) => `${pcap}: ${sentence}`),
    }
  })
  return [...rows, tunnelRow(folder, [...byCapture.keys()])]
}

/** What the resolver would have told of look-ups, as they came. */
function tunnelRow(folder: string, captures: readonly string[]): Row {
  const told = captures.filter((pcap) => {
    const watch = new TunnelWatch()
    return capturedLookUps(join(folder, pcap)).some(({ timeMs, ...look }) => watch.look(look, timeMs) !== null)
  })
  const found = told.filter((pcap) => TUNNELS.has(pcap))
  return {
    detector: 'look-ups of a tunnel',
    captures: TUNNELS.size,
    found: found.length,
    missed: [...TUNNELS].filter((pcap) => !told.includes(pcap)),
    wrong: told.filter((pcap) => !TUNNELS.has(pcap)),
  }
}
