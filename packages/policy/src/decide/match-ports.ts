import type { PortRange } from '@sallyport/net'
import type { Flow } from '../flow.ts'
import { and, holds, or, type Ternary } from './ternary.ts'

export function matchPorts(ports: readonly PortRange[] | null, flow: Flow): Ternary {
  return ports === null ? 'yes' : or(ports.map((range) => and([matchTransport(range, flow), matchNumber(range, flow)])))
}

function matchTransport(range: PortRange, flow: Flow): Ternary {
  return holds(flow.transport, (transport) => range.transports.includes(transport))
}

function matchNumber(range: PortRange, flow: Flow): Ternary {
  if (range.first === 0 && range.last === 65535) return 'yes'
  return holds(flow.port, (port) => port >= range.first && port <= range.last)
}
