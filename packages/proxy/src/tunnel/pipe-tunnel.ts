import { endSoon, type ByteSocket } from '../client/client.ts'
import type { OpenRecord } from '../log/open-record.ts'
import type { ProxyCore } from '../proxy-core.ts'

/** Octets both ways until both sides have ended, one is gone, or nothing moves any more. */
export function pipeTunnel(
  core: ProxyCore,
  client: ByteSocket,
  server: ByteSocket,
  toServer: Buffer,
  toClient: Buffer,
  record: OpenRecord,
): Promise<void> {
  const { tunnelIdleMs, halfOpenMs } = core.timeouts
  core.counters.openTunnels++
  return new Promise((resolve) => {
    let ended = 0
    let isOver = false
    const over = (): void => {
      if (isOver) return
      isOver = true
      core.counters.openTunnels--
      // What is on its way still arrives; a side that is gone takes the other with it.
      endSoon(client)
      endSoon(server)
      resolve()
    }
    const onTimeout = (): void => {
      core.counters.add('tunnelsIdle')
      client.destroy()
      server.destroy()
      over()
    }
    const oneWay = (from: ByteSocket, to: ByteSocket, count: (octets: number) => void): void => {
      from.on('data', (octets: Buffer) => {
        count(octets.length)
        if (!to.write(octets)) from.pause()
      })
      to.on('drain', () => from.resume())
      from.on('end', () => {
        to.end()
        if (++ended === 2) return over()
        client.setTimeout(halfOpenMs)
        server.setTimeout(halfOpenMs)
      })
      from.on('close', over)
      from.setTimeout(tunnelIdleMs, onTimeout)
    }
    if (toServer.length > 0) server.write(toServer)
    if (toClient.length > 0) client.write(toClient)
    record.addOctets(toServer.length, toClient.length)
    oneWay(client, server, (octets) => record.addOctets(octets, 0))
    oneWay(server, client, (octets) => record.addOctets(0, octets))
    for (const [from, to] of [
      [client, server],
      [server, client],
    ] as const) {
      // An end or a close that came before anybody listened comes no more.
      if (from.destroyed) over()
      else if (from.readableEnded) from.emit('end')
      else from.resume()
      if (to.destroyed) over()
    }
  })
}
