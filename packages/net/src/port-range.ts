import { type Transport } from './transport.ts'

/** Ports `first` to `last` of the transports named; ICMP and other protocols have none and use 0 to 65535. */
export type PortRange = { readonly transports: readonly Transport[]; readonly first: number; readonly last: number }

const HAS_PORTS: ReadonlySet<string> = new Set(['tcp', 'udp', 'sctp'])

/** `443`, `8000-8999`, `tcp/22`, `icmp`, `sctp/5000-6000`, `tcp`; without a transport: TCP and UDP. */
export function parsePortRange(text: string): PortRange | null {
  const slash = text.indexOf('/')
  const transport = slash < 0 ? null : text.slice(0, slash)
  if (slash < 0 && (HAS_PORTS.has(text) || text === 'icmp'))
    return { transports: [text as Transport], first: 0, last: 65535 }
  if (transport !== null && !HAS_PORTS.has(transport)) return null
  const match = /^(\d{1,5})(?:-(\d{1,5}))?$/.exec(slash < 0 ? text : text.slice(slash + 1))
  if (match === null) return null
  const first = Number(match[1])
  const last = match[2] === undefined ? first : Number(match[2])
  if (first > last || last > 65535) return null
  return { transports: transport === null ? ['tcp', 'udp'] : [transport as Transport], first, last }
}

export function matchPort(range: PortRange, transport: Transport, port: number): boolean {
  return range.transports.includes(transport) && port >= range.first && port <= range.last
}
