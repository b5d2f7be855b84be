import type { Counters } from '../counters.ts'
import { listenBatched } from '../fast/listen-batched.ts'
import { socketAddress } from '../fast/socket-address.ts'
import { openSocketCalls, type SocketCalls } from '../fast/socket-calls.ts'
import { listenUdp } from './listen-udp.ts'
import type { DatagramEndpoint, ForwarderOptions } from '../options.ts'
import type { QueryDesk } from '../query-desk.ts'

type DatagramListener = { readonly port: number; readonly close: () => Promise<void> }
export type ListenDatagrams = (endpoint: DatagramEndpoint) => Promise<DatagramListener>

/** Batches where the system has them and nobody has to hear of every query; both answer alike. */
export function chooseUdp(options: ForwarderOptions, desk: QueryDesk, counters: Counters): ListenDatagrams {
  const { nameSets, onQuery } = options
  const calls = nameSets === undefined || onQuery !== undefined ? null : batchedCalls()
  return async (endpoint) => {
    if (calls !== null && nameSets !== undefined && socketAddress(endpoint) !== null) {
      return listenBatched(endpoint, desk, counters, nameSets, options, calls)
    }
    const socket = await listenUdp(endpoint, desk, counters)
    return {
      port: socket.address().port,
      close: () => new Promise((resolve) => socket.close(() => resolve())),
    }
  }
}

function batchedCalls(): SocketCalls | null {
  if (process.platform !== 'linux') return null
  try {
    return openSocketCalls()
  } catch {
    return null
  }
}
