import type { Protocol } from '@sallyport/policy'
import type { Alert, ObservedFlow } from '../alert.ts'
import { alertFacts, bySubjectAndDestination, thinned } from '../observed.ts'

/** What IANA's registry gives these ports, with what commonly shares them. */
const EXPECTED: ReadonlyMap<number, readonly Protocol[]> = new Map<number, readonly Protocol[]>([
  [22, ['ssh']],
  [25, ['smtp', 'tls']],
  [53, ['dns']],
  [80, ['http', 'http2']],
  [123, ['ntp']],
  // RFC 8656 §2.3: TURN is put on 443 where other ports are closed; calls of Zoom, Teams and Meet come that way.
  [443, ['tls', 'quic', 'http2', 'doh', 'stun']],
  [587, ['smtp', 'tls']],
  [853, ['dot', 'tls', 'quic']],
  [993, ['imap', 'tls']],
])

/** The bytes of a connection say another protocol than its port: the usual way past a filter of ports. */
export function detectProtocolMismatch(flows: readonly ObservedFlow[]): readonly Alert[] {
  const odd = flows.filter(({ flow }) => {
    const expected = EXPECTED.get(flow.port ?? -1)
    return expected !== undefined && flow.protocol && flow.protocol !== 'other' && !expected.includes(flow.protocol)
  })
  return bySubjectAndDestination(odd).map((all) => {
    const { port, protocol, transport } = all[0]!.flow
    const facts = alertFacts(all)
    return {
      detector: 'protocol-mismatch',
      severity: 'medium',
      technique: { id: 'T1571', name: 'Non-Standard Port' },
      ...facts,
      sentence: `${facts.subject} spoke ${protocol} to ${facts.destination} on ${transport ?? ''}/${port}`,
      numbers: { flows: all.length, port: port! },
      series: thinned(all.map(({ timeMs }, index) => [timeMs, index + 1])),
    } satisfies Alert
  })
}
