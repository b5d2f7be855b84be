/** Addresses as 32 hexadecimal digits, IPv4 as IPv4-mapped; a port that plays no part is null. */
export type SocketFlow = {
  readonly src: string
  readonly srcPort: number
  readonly dst: string
  readonly dstPort: number | null
}

const ANY_V6 = '0'.repeat(32)
const ANY_V4 = '0'.repeat(20) + 'ffff' + '0'.repeat(8)

/** A line of /proc/net/{tcp,udp,icmp}{,6}, when its socket can have sent the flow; the more it says, the higher the score. */
export function parseSocketLine(
  line: string,
  flow: SocketFlow,
): { readonly inode: string; readonly score: number } | null {
  const fields = line.trim().split(/\s+/)
  const local = parseEndpoint(fields[1])
  const remote = parseEndpoint(fields[2])
  const inode = fields[9]
  if (local === null || remote === null || inode === undefined || !/^[1-9]\d*$/.test(inode)) return null
  if (local.port !== flow.srcPort) return null
  let score = 1
  if (local.address === flow.src) score += 1
  else if (!isAny(local.address)) return null
  if (remote.address === flow.dst && (flow.dstPort === null || remote.port === flow.dstPort)) score += 2
  else if (!isAny(remote.address)) return null
  return { inode, score }
}

function isAny(address: string): boolean {
  return address === ANY_V6 || address === ANY_V4
}

/** The kernel prints each 32-bit word of an address in the machine's own byte order. */
function parseEndpoint(text: string | undefined): { readonly address: string; readonly port: number } | null {
  const match = /^([0-9A-F]{8}|[0-9A-F]{32}):([0-9A-F]{4})$/.exec(text ?? '')
  if (match === null) return null
  const words = match[1]!.toLowerCase().match(/.{8}/g)!
  const address = words.map((each) => each.match(/../g)!.reverse().join('')).join('')
  return { address: address.length === 8 ? '0'.repeat(20) + 'ffff' + address : address, port: parseInt(match[2]!, 16) }
}
