import { found, type Found } from '../identify/identification.ts'
import { u16, u32 } from '../identify/octets.ts'
import type { DatagramView } from '../identify/recogniser.ts'

const SYN = 1
const MTU = { least: 1132, most: 1232 } as const

/** RDP over UDP: the client's SYN acknowledges nothing and states the sizes that the path is to be tried with (MS-RDPEUDP §2.2.2). */
export function remoteDesktop({ bytes }: DatagramView): Found | null {
  if (bytes.length < 16 || u32(bytes, 0) !== 0xffffffff || (u16(bytes, 6) & SYN) === 0 || u16(bytes, 6) > 0x3fff)
    return null
  const isMtu = (at: number): boolean => u16(bytes, at) >= MTU.least && u16(bytes, at) <= MTU.most
  return isMtu(12) && isMtu(14) ? found('rdp', 0, 16, 'SYN of RDP over UDP') : null
}
