import { writeFileSync } from 'node:fs'

/**
 * TCP gathers small writes for as long as an earlier segment has not left the host (tcp_autocorking in tcp(7)). One that waits for its
 * verdict has not: the rest of a handshake that is written in pieces would never be sent.
 */
export function sendSmallSegments(): void {
  try {
    writeFileSync('/proc/sys/net/ipv4/tcp_autocorking', '0')
  } catch {
    // Such a handshake is refused then.
  }
}
