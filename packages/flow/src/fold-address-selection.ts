import type { FlowGroup } from './aggregate-flows.ts'

/**
 * To choose between the addresses of a name, getaddrinfo(3) connects UDP sockets to the port asked for and sends nothing
 * (RFC 6724). Such a group is folded into the TCP group beside it; whether a datagram was sent cannot be told from here,
 * so the TCP group says that UDP was tried.
 */
export function foldAddressSelection(groups: readonly FlowGroup[]): readonly FlowGroup[] {
  const tcp = new Set(groups.filter(({ port }) => port.startsWith('tcp/')).map(keyOf))
  const udp = new Set(groups.filter((group) => isUdpBeside(group, tcp)).map(keyOf))
  return groups
    .filter((group) => !isUdpBeside(group, tcp))
    .map((group) => (group.port.startsWith('tcp/') && udp.has(keyOf(group)) ? { ...group, udpToo: true } : group))
}

function isUdpBeside(group: FlowGroup, tcp: ReadonlySet<string>): boolean {
  return group.port.startsWith('udp/') && tcp.has(keyOf(group))
}

function keyOf({ destination, port, verdict }: FlowGroup): string {
  return JSON.stringify([destination, port.slice(4), verdict.verdict, verdict.mode, verdict.layer, verdict.rule])
}
