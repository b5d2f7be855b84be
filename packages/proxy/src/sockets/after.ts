import type { ByteSocket } from './byte-socket.ts'
import type { Deadline, Due } from './deadlines.ts'
import { LoopSocket } from './loop-socket.ts'

/** A deadline of what a connection waits for, by the timers of whoever moves its octets. */
export function after(ms: number, socket: ByteSocket | null, due: Due): Deadline {
  if (socket instanceof LoopSocket) return socket.deadlines.after(ms, due)
  const timer = setTimeout(() => due.onDue(), ms)
  return { cancel: () => clearTimeout(timer) }
}
