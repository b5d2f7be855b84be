import { readdirSync, readFileSync, readlinkSync } from 'node:fs'
import type { PacketHeaders, SocketOwner } from '../packet-facts.ts'
import { parseSocketLine } from './socket-table.ts'

const TABLES: Readonly<Record<number, string>> = { 1: 'icmp', 6: 'tcp', 17: 'udp', 58: 'icmp', 136: 'udplite' }
const NOBODY: SocketOwner = { pid: null, exe: null, comm: '', socket: null }

/** Who holds the socket that sent a packet. The packet waits meanwhile, so its socket is normally still open. */
export function findSocketOwner(packet: PacketHeaders): SocketOwner {
  const inode = findInode(packet)
  if (inode === null) return NOBODY
  const holders = processIds().filter((pid) => holds(pid, `socket:[${inode}]`))
  const pid = holders.at(-1)
  if (pid === undefined) return { ...NOBODY, socket: inode }
  const exes = new Set(holders.map((holder) => orNull(() => readlinkSync(`/proc/${holder}/exe`))))
  const [exe = null] = exes
  const comm = orNull(() => readFileSync(`/proc/${pid}/comm`, 'utf8').trimEnd()) ?? ''
  // A socket shared by different programs is no one program's.
  return { pid, exe: exes.size === 1 ? exe : null, comm, socket: inode }
}

function findInode({ transport, src, srcPort, dst, dstPort }: PacketHeaders): string | null {
  const table = TABLES[transport]
  if (table === undefined) return null
  const flow = { src: mapped(src), srcPort, dst: mapped(dst), dstPort: table === 'icmp' ? null : dstPort }
  let best: { readonly inode: string; readonly score: number } | null = null
  // An IPv6 socket may send IPv4.
  for (const name of src.length === 4 ? [table, `${table}6`] : [`${table}6`]) {
    for (const line of (orNull(() => readFileSync(`/proc/net/${name}`, 'latin1')) ?? '').split('\n')) {
      const found = parseSocketLine(line, flow)
      if (found !== null && found.score > (best?.score ?? 0)) best = found
    }
  }
  return best?.inode ?? null
}

/** IPv4 as IPv4-mapped IPv6, in hexadecimal. */
function mapped(address: Uint8Array): string {
  return (address.length === 4 ? '0'.repeat(20) + 'ffff' : '') + Buffer.from(address).toString('hex')
}

function processIds(): number[] {
  const names = orNull(() => readdirSync('/proc')) ?? []
  return names
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .sort((a, b) => a - b)
}

function holds(pid: number, target: string): boolean {
  const fds = orNull(() => readdirSync(`/proc/${pid}/fd`)) ?? []
  return fds.some((fd) => orNull(() => readlinkSync(`/proc/${pid}/fd/${fd}`)) === target)
}

/** Processes come and go while their files are read. */
function orNull<T>(read: () => T): T | null {
  try {
    return read()
  } catch {
    return null
  }
}
