import { createSocket, type Socket } from 'node:dgram'
import { once } from 'node:events'
import { isIPv6 } from 'node:net'
import { clientAddress } from './client-address.ts'
import type { Counters } from '../counters.ts'
import type { DatagramEndpoint } from '../options.ts'
import type { QueryDesk } from '../query-desk.ts'

export async function listenUdp(endpoint: DatagramEndpoint, desk: QueryDesk, counters: Counters): Promise<Socket> {
  const six = isIPv6(endpoint.address)
  const socket = createSocket({ type: six ? 'udp6' : 'udp4', ipv6Only: six })
  const { address, port, fd } = endpoint
  socket.bind(fd === undefined ? { address, port, exclusive: true } : { fd, exclusive: true })
  try {
    await once(socket, 'listening')
  } catch (error) {
    socket.close()
    throw error
  }
  // ICMP errors for answers that nobody waits for any more come in here; they must not stop the listener.
  socket.on('error', () => counters.add('sendFailures'))
  let open = true
  socket.on('close', () => (open = false))
  socket.on('message', (bytes, peer) => {
    const client = { address: clientAddress(peer.address), port: peer.port }
    void desk.take(bytes, client, 'udp').then((answer) => {
      if (answer === null || !open) return
      socket.send(answer, peer.port, peer.address, (error) => error !== null && counters.add('sendFailures'))
    })
  })
  return socket
}
