import {
  fieldValues,
  isMessageFailure,
  listMembers,
  parseResponseHead,
  responseFraming,
  type Framing,
  type RequestHead,
  type ResponseHead,
} from '@sallyport/wire'
import { refusal, type Refusal } from '../answers.ts'
import { writeWithin } from '../client/byte-reader.ts'
import type { Client } from '../client/client.ts'
import type { Upstream } from '../connect/upstream-pool.ts'
import type { OpenRecord } from '../log/open-record.ts'
import type { ProxyCore } from '../proxy-core.ts'
import { isWebSocketUpgrade, requestHeadText, responseHeadText } from './forward-fields.ts'
import { pumpBody, type Pumped } from './pump-body.ts'
import { readHead } from './read-head.ts'

export type ExchangeRequest = {
  readonly head: RequestHead
  readonly framing: Framing
  readonly authority: string
  readonly path: string
  readonly mayKeep: boolean
  /** The body, where it was read before; then it has a length. */
  readonly body: Buffer | null
}

/** `client`: for its next request, and for nobody else's. */
export type KeptUpstream = 'pool' | 'client' | 'no'

export type Exchanged =
  | { readonly state: 'done'; readonly keepsClient: boolean; readonly keeps: KeptUpstream }
  /** Both sides speak another protocol from now on. */
  | { readonly state: 'upgraded' }
  /** Nothing of an answer has gone to the client. `isStale`: nor has the server seen anything of the request. */
  | { readonly state: 'refused'; readonly refusal: Refusal; readonly isStale: boolean }
  /** The client has a part of the answer, or is gone. */
  | { readonly state: 'broken'; readonly refusal: Refusal | null }

/** One request and its answer over a connection to the server. */
export async function exchange(
  core: ProxyCore,
  client: Client,
  upstream: Upstream,
  request: ExchangeRequest,
  record: OpenRecord,
): Promise<Exchanged> {
  const { head, body } = request
  const framing: Framing = body === null ? request.framing : { kind: 'length', octets: body.length }
  const giveUp = (): void => void upstream.socket.destroy()
  client.socket.once('close', giveUp)
  using _watched = { [Symbol.dispose]: () => void client.socket.off('close', giveUp) }
  upstream.socket.write(requestHeadText(head, framing, { ...request, via: core.via }), 'latin1')
  const upload: { ended: Pumped | null } = { ended: framing.kind === 'none' ? 'done' : null }
  if (body !== null) {
    upstream.socket.write(body)
    record.addOctets(body.length, 0)
    upload.ended = 'done'
  }
  if (upload.ended === null) {
    void pumpBody(client.reader, upstream.socket, {
      framing,
      inChunks: framing.kind === 'chunked',
      mostOctets: core.limits.requestBodyBytes,
      idleMs: core.timeouts.bodyIdleMs,
      onOctets: (count) => record.addOctets(count, 0),
    }).then((ended) => {
      upload.ended = ended
      // A body that is not whole must not look so: the server sees the end of the connection instead.
      if (ended !== 'done' && ended !== 'gone') upstream.socket.destroy()
    })
  }
  const answer = await finalAnswer(core, client, upstream, request, record)
  if (answer.state !== 'answer') {
    const refused = uploadRefusal(upload.ended)
    if (answer.state === 'refused' && refused !== null) return { state: 'refused', refusal: refused, isStale: false }
    return answer
  }
  if (answer.head.status === 101) return { state: 'upgraded' }
  const sent = await sendAnswer(core, client, upstream, request, answer, record)
  if (sent !== 'done') return { state: 'broken', refusal: downloadRefusal(sent) }
  const isWhole = upload.ended === 'done'
  return {
    state: 'done',
    keepsClient: request.mayKeep && isWhole && answer.shown.kind !== 'until-close',
    keeps: isWhole ? answer.keeps : 'no',
  }
}

type Answer = {
  readonly state: 'answer'
  readonly head: ResponseHead
  readonly framing: Framing
  readonly shown: Framing
  readonly keeps: KeptUpstream
}

/** Interim answers go to the client on the way; the first that is not one is the answer. */
async function finalAnswer(
  core: ProxyCore,
  client: Client,
  upstream: Upstream,
  request: ExchangeRequest,
  record: OpenRecord,
): Promise<Answer | Exclude<Exchanged, { state: 'done' | 'upgraded' }>> {
  const { headBytes } = core.limits
  for (let interim = 0; interim < MOST_INTERIM; interim++) {
    const read = await readHead(upstream.reader, headBytes, core.timeouts.responseMs, core.timeouts.headMs)
    if (client.socket.destroyed) return { state: 'broken', refusal: null }
    if (read.state === 'timeout') return refused('response-timeout')
    if (read.state === 'end') {
      const isStale = upstream.isReused && read.octets === 0 && interim === 0 && request.framing.kind === 'none'
      return { state: 'refused', refusal: refusal('response-incomplete'), isStale }
    }
    if (read.state === 'bad') return refused('bad-response', read.failure.problem)
    const head = parseResponseHead(read.text)
    if (isMessageFailure(head)) return refused('bad-response', head.problem)
    const framing = responseFraming(head, request.head.method)
    if (isMessageFailure(framing)) return refused('bad-response', framing.problem)
    const isUpgrade = head.status === 101
    if (isUpgrade && !isWebSocketUpgrade(request.head)) return refused('bad-response', 'an upgrade nobody asked for')
    if (head.status >= 200 || isUpgrade) {
      record.set({ status: head.status, firstByteMs: record.elapsedMs })
      const keeps = keptUpstream(request.head, head, framing)
      const answer = { state: 'answer', head, framing, shown: shownFraming(framing, request.head), keeps } as const
      return isUpgrade ? sendUpgrade(core, client, answer) : answer
    }
    if (request.head.minor === 1) await sendHead(core, client, head, { kind: 'none' }, null, false)
  }
  return refused('bad-response', 'too many interim answers')
}

const MOST_INTERIM = 32

async function sendUpgrade(core: ProxyCore, client: Client, answer: Answer): Promise<Answer> {
  await sendHead(core, client, answer.head, { kind: 'none' }, 'upgrade', false)
  return answer
}

async function sendAnswer(
  core: ProxyCore,
  client: Client,
  upstream: Upstream,
  request: ExchangeRequest,
  { head, framing, shown }: Answer,
  record: OpenRecord,
): Promise<Pumped> {
  const isKept = request.mayKeep && shown.kind !== 'until-close'
  const connection = !isKept ? 'close' : request.head.minor === 0 ? 'keep-alive' : null
  client.socket.cork()
  const sent = sendHead(core, client, head, shown, connection, request.head.method === 'HEAD')
  process.nextTick(() => client.socket.uncork())
  if (!(await sent)) return 'gone'
  return pumpBody(upstream.reader, client.socket, {
    framing,
    inChunks: shown.kind === 'chunked',
    mostOctets: core.limits.responseBodyBytes,
    idleMs: core.timeouts.bodyIdleMs,
    onOctets: (count) => record.addOctets(0, count),
  })
}

function sendHead(
  core: ProxyCore,
  client: Client,
  head: ResponseHead,
  shown: Framing,
  connection: 'close' | 'keep-alive' | 'upgrade' | null,
  isHead: boolean,
): Promise<boolean> {
  const text = responseHeadText(head, shown, { connection, via: core.via, isHead })
  return writeWithin(client.socket, text, core.timeouts.bodyIdleMs)
}

/** HTTP/1.0 knows no chunks: there a body without a length ends with the connection. */
function shownFraming(framing: Framing, request: RequestHead): Framing {
  const isUnbounded = framing.kind === 'chunked' || framing.kind === 'until-close'
  if (!isUnbounded) return framing
  return request.minor === 1 ? { kind: 'chunked' } : { kind: 'until-close' }
}

/** Authentication of a connection (NTLM, Negotiate) makes it one user's: such a connection serves nobody else. */
function keptUpstream(request: RequestHead, head: ResponseHead, framing: Framing): KeptUpstream {
  if (head.minor === 0 || framing.kind === 'until-close') return 'no'
  if (listMembers(head.fields, 'connection').includes('close')) return 'no'
  const logIns = [...fieldValues(head.fields, 'www-authenticate'), ...fieldValues(request.fields, 'authorization')]
  return logIns.some((value) => /^(ntlm|negotiate)\b/i.test(value)) ? 'client' : 'pool'
}

function uploadRefusal(ended: Pumped | null): Refusal | null {
  if (ended === 'malformed') return refusal('bad-body')
  if (ended === 'too-large') return refusal('body-too-large')
  return ended === 'timeout' || ended === 'ended' ? refusal('body-timeout') : null
}

function downloadRefusal(ended: Pumped): Refusal | null {
  if (ended === 'malformed') return refusal('bad-response')
  if (ended === 'too-large') return refusal('response-too-large')
  return ended === 'timeout' || ended === 'ended' ? refusal('response-incomplete') : null
}

function refused(reason: Refusal['reason'], explain?: string): Extract<Exchanged, { state: 'refused' }> {
  return { state: 'refused', refusal: refusal(reason, explain), isStale: false }
}
