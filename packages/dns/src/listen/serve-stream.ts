import type { Socket } from 'node:net'
import { clientAddress } from './client-address.ts'
import { frame, FrameReader } from './frames.ts'
import type { StreamService } from './stream-service.ts'

/** Queries of one client run side by side, up to a bound; beyond it nothing is read from the client (RFC 7766 §6.2.1). */
export function serveStream(
  socket: Socket,
  transport: 'tcp' | 'tls',
  { desk, limits, timeouts, counters }: StreamService,
): void {
  const client = { address: clientAddress(socket.remoteAddress ?? ''), port: socket.remotePort ?? 0 }
  const frames = new FrameReader(limits.queryBytes)
  const waiting: Buffer[] = []
  let running = 0
  // Only a whole query or a taken answer counts as a sign of life, so that single octets keep no connection open.
  const idle = setTimeout(() => {
    if (running > 0) return void idle.refresh()
    counters.add('tcpClientsIdle')
    socket.destroy()
  }, timeouts.tcpIdleMs)

  const next = (): void => {
    while (running < limits.queriesPerTcpClient && waiting.length > 0) {
      running++
      void desk.take(waiting.shift()!, client, transport).then(deliver)
    }
    if (waiting.length > 0) socket.pause()
    else socket.resume()
  }
  const deliver = (answer: Uint8Array | null): void => {
    if (socket.destroyed) return
    // Counts as running until the client's window took it: one who does not read cannot pile up answers.
    const done = (): void => {
      running--
      idle.refresh()
      if (!socket.destroyed) next()
    }
    if (answer === null) return done()
    const stuck = setTimeout(() => {
      counters.add('tcpClientsIdle')
      socket.destroy()
    }, timeouts.tcpIdleMs)
    socket.write(frame(answer), () => {
      clearTimeout(stuck)
      done()
    })
  }

  socket.on('close', () => clearTimeout(idle))
  socket.on('data', (chunk: Buffer) => {
    const messages = frames.push(chunk)
    if (messages === null) {
      counters.add('queriesDroppedSize')
      socket.destroy()
      return
    }
    if (messages.length > 0) idle.refresh()
    waiting.push(...messages)
    next()
  })
}
