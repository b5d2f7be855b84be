import type { Counters } from '../counters.ts'
import type { DatagramEndpoint, ForwarderOptions } from '../options.ts'
import type { Admission } from '../listen/client-gate.ts'
import type { QueryDesk } from '../query-desk.ts'
import type { Answered } from '../answer-query.ts'
import type { AnswerTemplate } from './answer-template.ts'
import { AnswerTemplates } from './answer-templates.ts'
import { BindingRefresh } from './binding-refresh.ts'
import { DatagramBatch } from './datagram-batch.ts'
import { openDatagramSocket } from './open-datagram-socket.ts'
import { RefusalTemplates, type NameSets } from './refusal-templates.ts'
import { endpointOf } from './socket-address.ts'
import type { SocketCalls } from './socket-calls.ts'

type BatchedListener = { readonly port: number; readonly close: () => Promise<void> }

const DATAGRAMS = 64
/** After so many batches without a pause, timers, TCP and upstreams get their turn. */
const BATCHES_A_TURN = 8
/**
 * At a rate that brings so many at once the next ones are microseconds away: asking for them again for a while costs less
 * than going to sleep and being woken, which on a virtual machine takes longer than a batch.
 */
const BUSY_DATAGRAMS = 8
const BUSY_WAIT_MS = 0.05

/**
 * UDP in batches. Names that a rule refuses, and answers that are in the cache, go out from the memory that the query came in;
 * everything else takes the way that `listenUdp` gives it. Throws with the code of errno, as sockets of Node do.
 */
export function listenBatched(
  endpoint: DatagramEndpoint,
  desk: QueryDesk,
  counters: Counters,
  sets: NameSets,
  options: Pick<ForwarderOptions, 'bind' | 'settings' | 'onNotable'>,
  calls: SocketCalls,
): BatchedListener {
  const { fd, port } = openDatagramSocket(endpoint, calls)
  const batch = new DatagramBatch(DATAGRAMS, calls)
  const refusals = new RefusalTemplates(sets)
  const answers = new AnswerTemplates()
  const refresh = new BindingRefresh(options)
  const isEachRefusalHeard = options.onNotable !== undefined
  /** Answers of the batch, and the places of their queries in it. */
  const known: (AnswerTemplate | null)[] = Array.from({ length: DATAGRAMS }, () => null)
  const places = new Uint32Array(DATAGRAMS)
  let open = true

  const takeSlow = (query: Uint8Array, peer: Uint8Array, admission?: Admission): void => {
    const generation = refusals.generation
    let answered: Answered | null = null
    const tell = (told: Answered): void => void (answered = told)
    void desk.take(query, endpointOf(peer), 'udp', tell, admission).then((answer) => {
      if (answer === null || !open) return
      if (calls.sendto(fd, answer, answer.length, 0, peer, peer.length) < 0) counters.add('sendFailures')
      if (answered !== null) learn(query, answer, answered, generation)
    })
  }
  const learn = (query: Uint8Array, answer: Uint8Array, { told, bound }: Answered, generation: unknown): void => {
    const { outcome, verdict, cached, stale, upstream, tunnel } = told
    if (tunnel !== null) return
    if (outcome === 'refused' && verdict !== null && verdict.rule !== null && !cached && upstream === null) {
      if (!isEachRefusalHeard) refusals.learn(query, answer, generation)
    }
    if (outcome === 'answered' && cached && !stale && refusals.isSettled(query, generation)) {
      answers.learn(query, answer, bound, performance.now())
    }
  }
  const admissionOf = (at: number): Admission => {
    if (desk.gate.isOpen) return 'admitted'
    const key = batch.peerIpv4(at)
    const address = (): string => endpointOf(batch.peer(at)).address
    return key === null ? desk.gate.admit(address()) : desk.gate.admitIpv4(key, address)
  }
  const reply = (at: number, length: number, outcome: 'answered' | 'refused'): void => {
    counters.add('queriesUdp')
    counters.add(outcome)
    batch.reply(at, length)
  }
  /** Bound before any of them leaves; what could not be is for the slow path, which says so. */
  const sendKnown = (count: number, nowMs: number): void => {
    refresh.flush(nowMs)
    for (let next = 0; next < count; next++) {
      const at = places[next]!
      const bytes = batch.datagram(at)
      const template = known[next]!
      if (!refresh.isBound(template, nowMs)) {
        takeSlow(bytes.slice(0, batch.length(at)), batch.peer(at), 'admitted')
        continue
      }
      counters.add('cacheHits')
      reply(at, template.write(bytes, nowMs), 'answered')
    }
  }
  const takeBatch = (): number => {
    const came = batch.receive(fd)
    if (came === 0) return 0
    if (refusals.refresh()) answers.clear()
    const nowMs = performance.now()
    let found = 0
    for (let at = 0; at < came; at++) {
      const bytes = batch.datagram(at)
      const length = batch.length(at)
      const admission = admissionOf(at)
      const slow = batch.isTruncated(at) || admission !== 'admitted' || desk.isDraining
      const template = slow ? null : answers.find(bytes, length, nowMs)
      if (template !== null) {
        refresh.add(template, nowMs)
        known[found] = template
        places[found++] = at
        continue
      }
      const refused = slow ? 0 : refusals.refuse(bytes, length)
      if (refused > 0) reply(at, refused, 'refused')
      else takeSlow(bytes.slice(0, length), batch.peer(at), admission)
    }
    sendKnown(found, nowMs)
    for (let failed = batch.flush(fd); failed > 0; failed--) counters.add('sendFailures')
    return came
  }
  const takeBatchSoon = (): number => {
    const untilMs = performance.now() + BUSY_WAIT_MS
    let came = 0
    while (came === 0 && performance.now() < untilMs) came = takeBatch()
    return came
  }
  const stopWatching = calls.watch(fd, () => {
    let came = takeBatch()
    for (let turn = 1; turn < BATCHES_A_TURN && open && came >= BUSY_DATAGRAMS; turn++) came = takeBatchSoon()
  })
  return {
    port,
    close: async () => {
      open = false
      stopWatching()
      calls.close(fd)
    },
  }
}
