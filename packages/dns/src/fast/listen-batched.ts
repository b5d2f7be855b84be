import { isIPv6 } from 'node:net'
import type { Counters } from '../counters.ts'
import type { Endpoint } from '../options.ts'
import type { Admission } from '../listen/client-gate.ts'
import type { QueryDesk } from '../query-desk.ts'
import { DatagramBatch } from './datagram-batch.ts'
import { AnswerTemplates } from './answer-templates.ts'
import { RefusalTemplates, type NameSets } from './refusal-templates.ts'
import type { SocketCalls } from './socket-calls.ts'
import { AF_INET, AF_INET6, endpointOf, socketAddress } from './socket-address.ts'

export type BatchedListener = { readonly port: number; readonly close: () => Promise<void> }

const DATAGRAMS = 64
/** After so many batches without a pause, timers, TCP and upstreams get their turn. */
const BATCHES_A_TURN = 8
const RECEIVE_BUFFER = 4 << 20
/** How long a wait on the thread pool lasts, and so how long closing takes at most. */
const WAIT_MS = 200

const SOCKET_DATAGRAM = 2 | 0o2000000 | 0o4000
const SOL_SOCKET = 1
const SO_RCVBUF = 8
const IPPROTO_IPV6 = 41
const IPV6_V6ONLY = 26
const POLLIN = 1

/**
 * UDP in batches. Names that a rule refuses, and answers that are in the cache, go out from the memory that the query came in; everything else takes the
 * way that `listenUdp` gives it. Rejects with the code of errno, as sockets of Node do.
 */
export async function listenBatched(
  endpoint: Endpoint,
  desk: QueryDesk,
  counters: Counters,
  sets: NameSets,
  bindsAnswers: boolean,
  calls: SocketCalls,
): Promise<BatchedListener> {
  const fd = openSocket(endpoint, calls)
  const port = boundPort(fd, calls)
  const batch = new DatagramBatch(DATAGRAMS, calls)
  const templates = new RefusalTemplates(sets)
  const answers = bindsAnswers ? null : new AnswerTemplates()
  let open = true

  const takeSlow = (query: Uint8Array, peer: Uint8Array, admission?: Admission): void => {
    const generation = templates.generation
    let byRule = false
    let answered = false
    const tell: Parameters<QueryDesk['take']>[3] = ({ outcome, verdict, cached, stale, upstream }) => {
      answered = outcome === 'answered' && cached && !stale
      byRule = outcome === 'refused' && verdict !== null && verdict.rule !== null && !cached && upstream === null
    }
    void desk.take(query, endpointOf(peer), 'udp', tell, admission).then((answer) => {
      if (answer === null || !open) return
      if (calls.sendto(fd, answer, answer.length, 0, peer, peer.length) < 0) counters.add('sendFailures')
      if (byRule) templates.learn(query, answer, generation)
      if (answered && templates.isSettled(query, generation)) answers?.learn(query, answer, performance.now())
    })
  }
  const admissionOf = (at: number): Admission => {
    const key = batch.peerIpv4(at)
    const address = (): string => endpointOf(batch.peer(at)).address
    return key === null ? desk.gate.admit(address()) : desk.gate.admitIpv4(key, address)
  }
  const takeBatch = (): number => {
    const came = batch.receive(fd)
    if (came === 0) return 0
    if (templates.refresh()) answers?.clear()
    const nowMs = performance.now()
    for (let at = 0; at < came; at++) {
      const bytes = batch.datagram(at)
      const length = batch.length(at)
      const admission = desk.gate.isOpen ? 'admitted' : admissionOf(at)
      const slow = batch.isTruncated(at) || admission !== 'admitted' || desk.isDraining
      const known = slow || answers === null ? 0 : answers.answer(bytes, length, nowMs)
      const answered = slow || known > 0 ? known : templates.refuse(bytes, length)
      if (answered === 0) {
        takeSlow(bytes.slice(0, length), batch.peer(at), admission)
        continue
      }
      counters.add('queriesUdp')
      counters.add(known > 0 ? 'answered' : 'refused')
      if (known > 0) counters.add('cacheHits')
      batch.reply(at, answered)
    }
    for (let failed = batch.flush(fd); failed > 0; failed--) counters.add('sendFailures')
    return came
  }
  const serve = async (): Promise<void> => {
    const waiting = pollSet(fd)
    while (open) {
      let came = 0
      for (let turn = 0; turn < BATCHES_A_TURN && open; turn++) {
        came = takeBatch()
        if (came < DATAGRAMS) break
      }
      if (came === 0) await calls.poll(waiting, 1, WAIT_MS)
      else await new Promise((resolve) => setImmediate(resolve))
    }
  }
  const served = serve()
  return {
    port,
    close: async () => {
      open = false
      await served
      calls.close(fd)
    },
  }
}

function openSocket(endpoint: Endpoint, calls: SocketCalls): number {
  const address = socketAddress(endpoint)
  if (address === null) throw Object.assign(new Error(`bind EINVAL ${endpoint.address}`), { code: 'EINVAL' })
  const six = isIPv6(endpoint.address)
  const fd = checked('socket', calls.socket(six ? AF_INET6 : AF_INET, SOCKET_DATAGRAM, 0), endpoint, calls)
  try {
    if (six) checked('setsockopt', calls.setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, word(1), 4), endpoint, calls)
    calls.setsockopt(fd, SOL_SOCKET, SO_RCVBUF, word(RECEIVE_BUFFER), 4)
    checked('bind', calls.bind(fd, address, address.length), endpoint, calls)
    return fd
  } catch (error) {
    calls.close(fd)
    throw error
  }
}

const CODES: Readonly<Record<number, string>> = {
  13: 'EACCES',
  97: 'EAFNOSUPPORT',
  98: 'EADDRINUSE',
  99: 'EADDRNOTAVAIL',
}

function checked(call: string, result: number, { address, port }: Endpoint, calls: SocketCalls): number {
  if (result >= 0) return result
  const errno = calls.errno()
  const code = CODES[errno] ?? `errno ${errno}`
  throw Object.assign(new Error(`${call} ${code} ${address}:${port}`), { code, errno: -errno, syscall: call })
}

function boundPort(fd: number, calls: SocketCalls): number {
  const address = new Uint8Array(28)
  calls.getsockname(fd, address, word(address.length))
  return new DataView(address.buffer).getUint16(2)
}

function word(value: number): Uint8Array {
  return new Uint8Array(Uint32Array.of(value).buffer)
}

/** struct pollfd. */
function pollSet(fd: number): Uint8Array {
  return new Uint8Array(Uint32Array.of(fd, POLLIN).buffer)
}
