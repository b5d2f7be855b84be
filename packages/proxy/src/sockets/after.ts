import type { ByteSocket } from './byte-socket.ts'
import type { Deadline } from './deadlines.ts'
import { LoopSocket } from './loop-socket.ts'

/** A deadline of what a connection waits for, by the timers of whoever moves its octets. */
export function after(ms: number, socket: ByteSocket | null, onDue: () => void): Deadline {
  if (socket instanceof LoopSocket) return socket.deadlines.after(ms, onDue)
  const timer = setTimeout(onDue, ms)
  return { cancel: () => clearTimeout(timer) }
}
