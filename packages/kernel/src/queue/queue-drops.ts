import { readFileSync } from 'node:fs'

const QUEUES = '/proc/self/net/netfilter/nfnetlink_queue'

/** Packets of a queue that the kernel has dropped: no room among those that wait, or in the socket. Null where it does not say. */
export function queueDrops(queue: number): number | null {
  try {
    return dropsIn(readFileSync(QUEUES, 'utf8'), queue)
  } catch {
    return null
  }
}

/** Columns: number, port, waiting, copy mode, copy range, dropped, dropped at the socket, last id, 1. */
export function dropsIn(text: string, queue: number): number | null {
  for (const line of text.split('\n')) {
    const fields = line.trim().split(/\s+/).map(Number)
    const [number, , , , , dropped = Number.NaN, atSocket = Number.NaN] = fields
    if (number === queue) return Number.isNaN(dropped + atSocket) ? null : dropped + atSocket
  }
  return null
}
