import { fieldValues, listMembers, type Framing, type RequestHead, type ResponseHead } from '@sallyport/wire'
import { refusal, type Refusal } from '../answers.ts'
import type { FlowAllowance } from '../allowance/flow-allowance.ts'
import { adaptAnswer } from '../icap/adapt-answer.ts'
import type { OpenRecord } from '../log/open-record.ts'
import type { ProxyCore } from '../proxy-core.ts'
import type { AnswerHead, Answerer, ForwardedRequest, KeptUpstream } from './answerer.ts'
import type { Asker } from './asker.ts'
import { pumpBody, type BodySource, type Pumped } from './body.ts'
import { isWebSocketUpgrade } from './forward-fields.ts'
import { headOctets } from './head-octets.ts'

export type Exchanged =
  /** `isWhole`: the request too; an answer may come before its end. */
  | { readonly state: 'done'; readonly isWhole: boolean; readonly keeps: KeptUpstream }
  /** Both sides speak another protocol from now on. */
  | { readonly state: 'upgraded'; readonly head: ResponseHead }
  /** Nothing of an answer has gone to the client. `isStale`: nor has the server seen anything of the request. */
  | { readonly state: 'refused'; readonly refusal: Refusal; readonly isStale: boolean }
  /** The client has a part of the answer, or is gone. */
  | { readonly state: 'broken'; readonly refusal: Refusal | null }

/** One request with its body, and its answer. */
export async function exchange(
  core: ProxyCore,
  asker: Asker,
  answerer: Answerer,
  request: ForwardedRequest,
  source: BodySource,
  record: OpenRecord,
): Promise<Exchanged> {
  using _watched = asker.whenGone(() => answerer.destroy())
  const upload = startUpload(core, answerer, request, source, record)
  const answer = await finalAnswer(asker, answerer, request, record, upload)
  if (answer.state !== 'head') {
    const refused = uploadRefusal(upload.ended, record.allowance)
    if (answer.state === 'refused' && refused !== null) return { state: 'refused', refusal: refused, isStale: false }
    return answer
  }
  const { allowance } = record
  const limited = (await allowance?.in(headOctets(answer.head.fields))) ?? null
  if (limited !== null) return { state: 'refused', refusal: limited, isStale: false }
  if (answer.head.status === 101) return { state: 'upgraded', head: answer.head }
  const original = { ...answer, source: answerer.body(answer.framing), version: answerer.version }
  const adapted = await adaptAnswer(core, asker.peer, request, original, record)
  if (adapted.state === 'refused') return { ...adapted, isStale: false }
  using _adapted = { [Symbol.dispose]: adapted.release }
  const { head, framing } = adapted
  const sink = await asker.answer(head, framing, answerer.version)
  if (sink === null) return { state: 'broken', refusal: null }
  const sent = await pumpBody(adapted.source, sink, {
    mostOctets: core.limits.responseBodyBytes,
    idleMs: core.timeouts.bodyIdleMs,
    onOctets: (count) => record.addOctets(0, count),
    refuses: allowance && ((count) => allowance.in(count)),
  })
  if (sent !== 'done') return { state: 'broken', refusal: downloadRefusal(sent, allowance) }
  const isWhole = upload.ended === 'done'
  const isRead = original.source.isEnd
  record.facts.status = head.status
  return {
    state: 'done',
    isWhole,
    keeps: isWhole && isRead ? keptUpstream(request.head, answer.head, answer.framing) : 'no',
  }
}

type Upload = { ended: Pumped | null }

/** The body goes out while the answer comes in. */
function startUpload(
  core: ProxyCore,
  answerer: Answerer,
  request: ForwardedRequest,
  source: BodySource,
  record: OpenRecord,
): Upload {
  const { bodyIdleMs } = core.timeouts
  const sink = answerer.send(request)
  if (request.framing.kind === 'none') return { ended: 'done' }
  const upload: Upload = { ended: null }
  const { allowance } = record
  const options = {
    mostOctets: core.limits.requestBodyBytes,
    idleMs: bodyIdleMs,
    onOctets: (count: number) => record.addOctets(count, 0),
    refuses: allowance && ((count: number) => allowance.out(count)),
  }
  void pumpBody(source, sink, options).then((ended) => {
    upload.ended = ended
    // A body that is not whole must not look so: the server sees the end of the connection instead.
    if (ended !== 'done' && ended !== 'gone') answerer.destroy()
  })
  return upload
}

type FinalAnswer =
  Exclude<AnswerHead, { readonly state: 'silent' }> | { readonly state: 'broken'; readonly refusal: null }

/** Interim answers go to the client on the way; the first that is not one is the answer. */
async function finalAnswer(
  asker: Asker,
  answerer: Answerer,
  request: ForwardedRequest,
  record: OpenRecord,
  upload: Readonly<Upload>,
): Promise<FinalAnswer> {
  for (let interim = 0; interim < MOST_INTERIM; interim++) {
    let read: AnswerHead
    let hadWhole: boolean
    // A server may answer when it has the whole request, and has its time from then on; a body that takes long is bounded by itself.
    do {
      hadWhole = upload.ended !== null
      read = await answerer.nextHead(request)
    } while (read.state === 'silent' && !hadWhole && !asker.isGone)
    if (asker.isGone) return { state: 'broken', refusal: null }
    if (read.state === 'silent') return { state: 'refused', refusal: refusal('response-timeout'), isStale: false }
    if (read.state === 'refused') {
      return { ...read, isStale: read.isStale && interim === 0 && request.framing.kind === 'none' }
    }
    const { status } = read.head
    const isUpgrade = status === 101
    if (isUpgrade && !isWebSocketUpgrade(request.head)) return refused('an upgrade nobody asked for')
    if (status >= 200 || isUpgrade) {
      record.facts.status = status
      record.facts.firstByteMs = record.elapsedMs
      return read
    }
    await asker.interim(read.head, answerer.version)
  }
  return refused('too many interim answers')
}

const MOST_INTERIM = 32

/** Authentication of a connection (NTLM, Negotiate) makes it one user's: such a connection serves nobody else. */
function keptUpstream(request: RequestHead, head: ResponseHead, framing: Framing): KeptUpstream {
  if (head.minor === 0 || framing.kind === 'until-close') return 'no'
  if (listMembers(head.fields, 'connection').includes('close')) return 'no'
  const logIns = [...fieldValues(head.fields, 'www-authenticate'), ...fieldValues(request.fields, 'authorization')]
  return logIns.some((value) => /^(ntlm|negotiate)\b/i.test(value)) ? 'client' : 'pool'
}

function uploadRefusal(ended: Pumped | null, allowance: FlowAllowance | null): Refusal | null {
  if (ended === 'limited') return allowance?.refusal ?? null
  if (ended === 'malformed') return refusal('bad-body')
  if (ended === 'too-large') return refusal('body-too-large')
  return ended === 'timeout' || ended === 'ended' ? refusal('body-timeout') : null
}

function downloadRefusal(ended: Pumped, allowance: FlowAllowance | null): Refusal | null {
  if (ended === 'limited') return allowance?.refusal ?? null
  if (ended === 'malformed') return refusal('bad-response')
  if (ended === 'too-large') return refusal('response-too-large')
  return ended === 'timeout' || ended === 'ended' ? refusal('response-incomplete') : null
}

function refused(explain: string): Extract<AnswerHead, { state: 'refused' }> {
  return { state: 'refused', refusal: refusal('bad-response', explain), isStale: false }
}
