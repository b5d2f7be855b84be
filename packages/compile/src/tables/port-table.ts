import { transportFromProtocolNumber, type Transport } from '@sallyport/net'
import type { Flow } from '@sallyport/policy'

const OTHER_PROTOCOLS: number = 3 * 65536
const PORT_TABLE_LENGTH: number = OTHER_PROTOCOLS + 256

/** TCP, UDP and SCTP have 65,536 entries each; then one for every other IP protocol. ICMPv6 stands at ICMP's place. */
export function portIndex(transport: Transport, port: number): number {
  switch (transport) {
    case 'tcp':
      return port
    case 'udp':
      return 65536 + port
    case 'sctp':
      return 131072 + port
    case 'icmp':
      return OTHER_PROTOCOLS + 1
    case 'other':
      return OTHER_PROTOCOLS
  }
}

/** `boundaries` are the ports at which some condition changes. */
export function buildPortTable(boundaries: readonly number[], classOf: (flow: Flow) => number): Uint32Array {
  const table = new Uint32Array(PORT_TABLE_LENGTH)
  const starts = [...new Set([0, ...boundaries.filter((port) => port >= 0 && port <= 65535)])].sort((a, b) => a - b)
  for (const transport of ['tcp', 'udp', 'sctp'] as const) {
    starts.forEach((first, at) => {
      const next = starts[at + 1] ?? 65536
      table.fill(classOf({ transport, port: first }), portIndex(transport, first), portIndex(transport, 0) + next)
    })
  }
  for (let number = 0; number < 256; number++) {
    const transport = transportFromProtocolNumber(number)
    const named = transport === 'tcp' || transport === 'udp' || transport === 'sctp' ? 'other' : transport
    table[OTHER_PROTOCOLS + number] = classOf({ transport: named, port: null })
  }
  return table
}
